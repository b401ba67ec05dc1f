using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using PciBackFlow.Backend.Devices.Hiding;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Hiding;

/// <summary>The script of the initramfs, run on a machine made of files, against <see cref="HideList"/>: both read one grammar.</summary>
public sealed class HideAtBootTests : IDisposable
{
    // A bridge with two functions behind it, another with a bus of its own, a segment of a host bridge driver's invention.
    // Two network cards of one model, told apart by their serial numbers; several disks of one class.
    private static readonly (string Path, bool IsBridge)[] Machine =
    [
        ("pci0000:00/0000:00:04.0", false),
        ("pci0000:00/0000:00:1c.0", true),
        ("pci0000:00/0000:00:1c.0/0000:03:00.0", false),
        ("pci0000:00/0000:00:1c.0/0000:03:00.1", false),
        ("pci0000:00/0000:00:1c.0/0000:03:1f.7", false),
        ("pci0000:00/0000:00:1d.0", true),
        ("pci0000:00/0000:00:1d.0/0000:04:00.0", true),
        ("pci0000:00/0000:00:1d.0/0000:04:00.0/0000:05:0a.2", false),
        ("pci10000:e1/10000:e1:00.0", false),
        ("pci0000:00/0000:00:0e.0", false),
        ("pci0000:00/0000:00:0e.0/pci10001:e0/10001:e0:06.0", false),
    ];

    // dash, bash, and the shell of an initramfs.
    private static readonly string[] Shells = ["/bin/sh", "/bin/bash", "/bin/busybox"];

    private readonly TemporaryFolder _root = new();

    public HideAtBootTests()
    {
        Directory.CreateDirectory(_root["sys/bus/pci/devices"]);
        foreach ((string path, bool isBridge) in Machine)
        {
            Card card = CardAt(path, isBridge);
            _root.Write($"sys/devices/{path}/class", $"0x{card.Class:x6}\n");
            _root.Write($"sys/devices/{path}/vendor", $"0x{card.Vendor:x4}\n");
            _root.Write($"sys/devices/{path}/device", $"0x{card.Device:x4}\n");
            _root.Write($"sys/devices/{path}/subsystem_vendor", "0x1af4\n");
            _root.Write($"sys/devices/{path}/subsystem_device", $"0x{card.Subsystem:x4}\n");
            File.WriteAllBytes(_root[$"sys/devices/{path}/config"], card.Config());
            _root.Write($"sys/devices/{path}/driver_override", "");
            File.CreateSymbolicLink(_root[$"sys/bus/pci/devices/{Path.GetFileName(path)}"], $"../../../devices/{path}");
        }
    }

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("root=/dev/vda quiet")]
    [InlineData("xen-pciback.hide=(0000:03:00.0)(00:04.0) quiet")]
    [InlineData("xen_pciback.hide=(03:00.0)")]
    [InlineData("xen-pciback.hide=(03:00.*)")]
    [InlineData("xen-pciback.hide=(03:*.*)")]
    [InlineData("xen-pciback.hide=(00:1c.0)")]
    [InlineData("xen-pciback.hide=(00:1d.0)")]
    [InlineData("xen-pciback.hide=(00:*.*)")]
    [InlineData("pciback.hide=(10000:e1:00.0)")]
    [InlineData("\"pciback.hide=(10000:e1:00.0)(0000:03:00.0)( 0x10000:e1:*.*)(ffff:00:00.0)\"")]
    [InlineData("pciback.hide=(00:0e.0)")]
    [InlineData("pcibackflow.hide=\"(03:00.0) (0x0:0X4:0.0 )\" quiet")]
    [InlineData("\"pciback.hide=(03:00.0) (00:04.0)\"")]
    [InlineData("xen-pciback.hide=(03:00.0) xen-pciback.hide=(00:04.0)")]
    [InlineData("xen-pciback.hide=(03:00.0),(00:04.0) pcibackflow.hide=(05:0a.2) pciback.hide=x")]
    [InlineData("notxen-pciback.hide=(03:00.0)")]
    [InlineData("xen-pciback.hide=(0000:82.0.0)(0000:03:00.0)")]
    [InlineData("xen-pciback.hide=03:00.0(00:04.0)")]
    [InlineData("xen-pciback.hide=(03:00.0(00:04.0)")]
    [InlineData("xen-pciback.hide=(00:04.0)(03:00.0")]
    [InlineData("xen-pciback.hide=(03:20.0)(00:04.0)")]
    [InlineData("xen-pciback.hide=(03:00.8)(00:04.0)")]
    [InlineData("xen-pciback.hide=(103:00.0)(00:04.0)")]
    [InlineData("xen-pciback.hide=(03:*.0)(00:04.0)")]
    [InlineData("xen-pciback.hide=()(00:04.0)")]
    [InlineData("xen-pciback.hide=(")]
    [InlineData("xen-pciback.hide=(100000000:00:00.0)(000000000:00:04.0)")]
    [InlineData("xen-pciback.hide=(*:*.*)(**)([a-z]*)(?3:00.0)$(id)`id`\\(03:00.1)")]
    [InlineData("xen-pciback.hide=(0x:00.0)(0x03:00.0)(:.)")]
    // What other cards cannot renumber.
    [InlineData("pcibackflow.hide=(path=pci0000:00/1c.0/00.1)")]
    [InlineData("pcibackflow.hide=(path=pci0000:00/1d.0)")]
    [InlineData("pcibackflow.hide=(path=PCI0000:00/1C.0/1F.7)(path=pci0000:00/1d.0/00.0/0A.2)")]
    [InlineData("pcibackflow.hide=(path=pci0000:00/04.1)")]
    [InlineData("pcibackflow.hide=(id=8086:10d3)(00:04.0)")]
    [InlineData("pcibackflow.hide=(id=8086:10D3/00-11-22-ff-ff-33-44-55)")]
    [InlineData("pcibackflow.hide=(id=8086:10d3:1af4:1100/001122FFFF334456)")]
    [InlineData("pcibackflow.hide=(id=8086:10d3/001122ffff334457)")]
    [InlineData("pcibackflow.hide=(id=1af4:1041)")]
    [InlineData("pcibackflow.hide=(id=1af4:1041:1af4:1100)(id=1af4:1041:1af4:1101)")]
    [InlineData("pcibackflow.hide=(class=0108)(class=02)")]
    [InlineData("pcibackflow.hide=(class=0C0330)(class=0c03)")]
    [InlineData("pcibackflow.hide=\"( class=0c )(bdf=03:00.*)( bdf=00:04.0)\"")]
    [InlineData("pcibackflow.hide=(name=nic)(serial=1)(=)(bdf=)(path=)(id=)(class=)(00:04.0)")]
    [InlineData("pcibackflow.hide=(path=pci0000:00/4.0)(path=pci0000:00/1c.0/00.8)(path=pci0000:00/1c.0/)(path=pci0000:00)(path=pci00:00/00.0)(00:04.0)")]
    [InlineData("pcibackflow.hide=(id=8086)(id=8086:10d)(id=8086:10d3:1af4)(id=8086:10d3/)(id=8086:10d3/0011)(id=8086:10d3/00-1122ffff334455)(00:04.0)")]
    [InlineData("pcibackflow.hide=(class=2)(class=020)(class=02000000)(class=zz)(class=02 00)(class=0c(00:04.0)(class=0c")]
    public void It_hides_what_the_list_names_and_complains_of_what_is_wrong(string commandLine)
    {
        var list = HideList.FromCommandLine(commandLine);
        HideChoice choice = list.On([.. Machine.OrderBy(one => Path.GetFileName(one.Path), StringComparer.Ordinal).Select(Candidate)]);
        string[] expected =
        [
            .. Machine.Where(one => !one.IsBridge && choice.Covers(Address(one.Path), Bridges(one.Path))).Select(one => Path.GetFileName(one.Path)),
        ];

        foreach (string shell in Shells.Where(File.Exists))
        {
            string[] log = Run(shell, commandLine);

            Assert.Equal(expected, Hidden());
            Assert.Equal(
                list.Complaints.Select(complaint => $"<4>pcibackflow: hide list: {complaint}"),
                log.Where(line => line.Contains("is skipped", StringComparison.Ordinal)));
            Assert.Equal(
                choice.Remarks.Select(remark => $"<4>pcibackflow: hide list: {remark}"),
                log.Where(line => line.Contains("names no function", StringComparison.Ordinal) || line.Contains("none is hidden", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_function_that_has_a_driver_already_is_left_to_it()
    {
        Directory.CreateDirectory(_root["sys/bus/pci/drivers/ahci"]);
        File.CreateSymbolicLink(_root["sys/devices/pci0000:00/0000:00:04.0/driver"], "../../../bus/pci/drivers/ahci");

        string[] log = Run("/bin/sh", "xen-pciback.hide=(00:04.0)");

        Assert.Empty(Hidden());
        Assert.Contains("0000:00:04.0 has driver ahci already", Assert.Single(log), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bridge_keeps_its_driver_and_it_is_said()
    {
        string[] log = Run("/bin/sh", "xen-pciback.hide=(00:1c.0)");

        Assert.Contains("<6>pcibackflow: 0000:00:1c.0 is a bridge: what is below it is hidden, not the bridge", log);
        Assert.Contains("<6>pcibackflow: 0000:03:00.1 is hidden", log);
    }

    [Theory]
    [InlineData("prereqs")]
    [InlineData("")]
    public void Without_a_list_or_asked_for_its_wishes_it_does_nothing(string argument)
    {
        Assert.Empty(Run("/bin/sh", argument.Length > 0 ? "xen-pciback.hide=(00:04.0)" : "quiet", argument));

        Assert.Empty(Hidden());
    }

    private string[] Run(string shell, string commandLine, string argument = "")
    {
        string log = _root.Write("log", "");
        foreach ((string path, _) in Machine)
        {
            _root.Write($"sys/devices/{path}/driver_override", "");
        }

        ProcessStartInfo start = new(shell) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileName(shell) == "busybox")
        {
            start.ArgumentList.Add("sh");
        }

        start.ArgumentList.Add(Script());
        if (argument.Length > 0)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PCIBACKFLOW_SYS"] = _root["sys"];
        start.Environment["PCIBACKFLOW_CMDLINE"] = _root.Write("cmdline", commandLine + "\n");
        start.Environment["PCIBACKFLOW_LOG"] = log;
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((0, ""), (process.ExitCode, said));
        return File.ReadAllLines(log);
    }

    private IEnumerable<string> Hidden() =>
        Machine.Where(one => File.ReadAllText(_root[$"sys/devices/{one.Path}/driver_override"]) == "pcibackflow\n").Select(one => Path.GetFileName(one.Path));

    private static Card CardAt(string path, bool isBridge) => Path.GetFileName(path) switch
    {
        _ when isBridge => new(0x060400, 0x1B36, 0x000C, 0),
        "0000:03:00.0" => new(0x020000, 0x8086, 0x10D3, 0x1100, 0x001122FFFF334455),
        "0000:03:00.1" => new(0x020000, 0x8086, 0x10D3, 0x1100, 0x001122FFFF334456),
        "0000:03:1f.7" => new(0x0C0330, 0x1B36, 0x000D, 0x1100),
        "0000:05:0a.2" => new(0x020000, 0x1AF4, 0x1041, 0x1100),
        _ => new(0x010802, 0x1B36, 0x0010, 0x1101),
    };

    private static DeviceCandidate Candidate((string Path, bool IsBridge) one)
    {
        Card card = CardAt(one.Path, one.IsBridge);
        IEnumerable<string> steps = Bridges(one.Path).Append(Address(one.Path)).Select(step => $"{step.Slot:x2}.{step.Function:x}");
        return new(
            Address(one.Path), string.Join('/', steps.Prepend(one.Path.Split('/')[0])), card.Vendor, card.Device, 0x1AF4, card.Subsystem, card.Class)
        {
            ReadSerial = () => card.Serial,
        };
    }

    private static PciAddress Address(string path) => PciAddress.Parse(Path.GetFileName(path));

    private static IEnumerable<PciAddress> Bridges(string path) => path.Split('/')[1..^1]
        .Where(part => !part.StartsWith("pci", StringComparison.Ordinal)).Select(part => PciAddress.Parse(part));

    private sealed record Card(uint Class, ushort Vendor, ushort Device, ushort Subsystem, ulong? Serial = null)
    {
        /// <summary>A space with two extended capabilities: error reporting and behind it the serial number, as QEMU's e1000e has them.</summary>
        public byte[] Config()
        {
            byte[] space = new byte[Serial is null ? 256 : 4096];
            if (Serial is { } serial)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(space.AsSpan(0x100), 0x14020001);
                BinaryPrimitives.WriteUInt32LittleEndian(space.AsSpan(0x140), 0x00010003);
                BinaryPrimitives.WriteUInt64LittleEndian(space.AsSpan(0x144), serial);
            }

            return space;
        }
    }

    private static string Script([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../../packaging/initramfs-tools/scripts/init-top/pcibackflow"));
}
