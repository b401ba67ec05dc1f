namespace PciBackFlow.Lab.Tests;

/// <summary>The emulated host of one boot.</summary>
public sealed record Machine
{
    /// <summary>What every machine has: an IOMMU that remaps interrupts.</summary>
    /// <remarks>Without the global, a root port reports no active link and every bus reset behind it fails.</remarks>
    public static IReadOnlyList<string> Bare { get; } =
    [
        "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
        "-device", "intel-iommu,intremap=on,caching-mode=on",
    ];

    /// <summary>Devices at fixed addresses; lab.sh names them.</summary>
    /// <remarks>
    /// The four first devices have interrupt lines of their own (GSI 20 to 23); the later ones share them, by their slot's number modulo 4.
    /// </remarks>
    public static Machine Standard { get; } = new()
    {
        Devices =
        [
            .. Bare,
            .. Network(0, "e1000e,addr=4"),
            .. Disk(0, "nvme,serial=LAB0,addr=5,drive="),
            "-device", "edu,addr=6",
            "-device", "qemu-xhci,id=xhci,addr=7",
            .. Network(1, "e1000,addr=8"),
            "-device", "ich9-ahci,id=ahci,addr=9", .. Disk(1, "ide-hd,bus=ahci.0,drive="),
            "-device", "pcie-root-port,id=port0,chassis=1,slot=1,addr=0xa", .. Network(2, "e1000e,bus=port0"),
            "-device", "pcie-root-port,id=port1,chassis=2,slot=2,addr=0xb", .. Disk(2, "nvme,serial=LAB2,bus=port1,drive="),
            "-device", "pcie-pci-bridge,id=bridge,addr=0xc", .. Network(3, "e1000,bus=bridge,addr=1"),
            .. Network(4, "e1000e,addr=0xd.0,multifunction=on"), .. Network(5, "e1000e,addr=0xd.1"),
        ],
    };

    /// <summary>QEMU arguments that make the devices.</summary>
    public required IReadOnlyList<string> Devices { get; init; }

    /// <summary>The emulated processor.</summary>
    /// <remarks>
    /// Xen's PV dom0 does not survive TCG's SMAP. With XSAVE, programs find the upper halves of vector registers changed; with x2APIC, which QEMU emulates
    /// since 9.0, line interrupts go to the first processor, whatever Xen says (docs/lab.md).
    /// </remarks>
    public string Processor { get; init; } = "max,smap=off,svm=off,xsave=off,x2apic=off";

    /// <summary>One on which Xen can run HVM and PVH domains: AMD's virtualisation with nested paging, less what QEMU's does not stand.</summary>
    public const string VirtualizingProcessor = "max,smap=off,svm=on,npt=on,rdtscp=off,nrip-save=on,xsave=off,x2apic=off";

    /// <summary>The memory of host and guests together, of which dom0 has 1 GiB.</summary>
    public string Memory { get; init; } = "3G";

    /// <summary>More for Xen's command line.</summary>
    public string XenArguments { get; init; } = string.Empty;

    /// <summary>More for dom0's kernel command line; <c>lab.drivers=A,B</c> loads drivers at boot.</summary>
    public string KernelArguments { get; init; } = string.Empty;

    /// <summary>Files that go into dom0, by their path there. A boot asks for them: a program is published only for it.</summary>
    public IReadOnlyDictionary<string, Func<string>> Files { get; init; } = new Dictionary<string, Func<string>>();

    /// <summary>Files that go into guests, by their path there.</summary>
    public IReadOnlyDictionary<string, Func<string>> GuestFiles { get; init; } = new Dictionary<string, Func<string>>();

    /// <summary>QEMU arguments that say how the processors run.</summary>
    /// <remarks>
    /// With a thread for each processor QEMU 7.2 changes the map of device memory under a processor that is using it (softmmu/physmem.c,
    /// <c>tcg_commit</c>; later versions wait until it is quiescent), and has been seen to crash when dom0 resets a device while a guest uses another.
    /// Translated code has 256 MiB instead of the default's 1 GiB: a boot translates less than that, and two of them fit a machine of 8 GiB.
    /// </remarks>
    public IReadOnlyList<string> Acceleration { get; init; } = ["-accel", $"tcg,thread={LabSettings.Threads},tb-size=256"];

    /// <summary>How long the whole boot may take.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromMinutes(8);

    /// <summary>The arguments of QEMU.</summary>
    /// <param name="host">The folder that prepare.sh made for the host.</param>
    /// <param name="initramfs">Dom0's initramfs of this boot.</param>
    /// <param name="reports">The Unix socket that receives the second serial port.</param>
    /// <param name="monitor">The Unix socket at which QEMU takes commands.</param>
    /// <returns>Its arguments.</returns>
    public IReadOnlyList<string> Command(string host, string initramfs, string reports, string monitor)
    {
        // A comma in a multiboot module's argument is doubled.
        string kernel = $"console=hvc0 rdinit=/init mitigations=off nokaslr panic=-1 lab.slowness={LabSettings.Slowness} {KernelArguments}"
            .TrimEnd().Replace(",", ",,", StringComparison.Ordinal);
        return
        [
            "-machine", "q35", .. Acceleration, "-smp", "2", "-m", Memory,
            "-cpu", Processor,
            "-nodefaults", "-display", "none", "-monitor", $"unix:{monitor},server=on,wait=off", "-no-reboot",
            "-serial", "stdio", "-chardev", $"socket,id=reports,path={reports}", "-serial", "chardev:reports",
            "-kernel", Path.Combine(host, "xen"),
            "-initrd", $"{Path.Combine(host, "vmlinux")} {kernel},{initramfs}",
            "-append",
            ("console=com1 com1=115200 conring_size=1m dom0_mem=1G,max:1G dom0_max_vcpus=1 loglvl=all guest_loglvl=all "
                + $"spec-ctrl=no xpti=no pv-l1tf=no no-real-mode {XenArguments}").TrimEnd(),
            .. Devices.Select(argument => argument.Replace(HostMark, host, StringComparison.Ordinal)),
        ];
    }

    private const string HostMark = "{host}";

    private static string[] Network(int number, string device) =>
        ["-netdev", $"user,id=net{number}", "-device", $"{device},netdev=net{number}"];

    // Each boot writes to a copy of its own that QEMU forgets.
    private static string[] Disk(int number, string device) =>
        ["-drive", $"if=none,id=disk{number},format=raw,snapshot=on,file={HostMark}/disk.img", "-device", $"{device}disk{number}"];
}
