using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Refusals;

/// <summary>Made-up trees of sysfs and procfs with the links that Linux makes.</summary>
public sealed class HostUsesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_mounted_partition_belongs_to_the_function_its_disk_hangs_on()
    {
        Disk("devices/pci0000:00/0000:00:02.0/virtio1/block/vda/vda1", "254:1");
        Mounts("22 1 254:1 / /var rw - ext4 /dev/vda1 rw");

        Assert.Equal(["disk vda1 is mounted at /var"], Read("00:02.0"));
    }

    [Fact]
    public void Behind_a_bridge_the_last_function_on_the_path_owns_the_disk()
    {
        Disk("devices/pci0000:00/0000:00:1c.0/0000:03:00.0/ata1/block/sda", "8:0");
        Mounts("22 1 8:0 / / rw - ext4 /dev/sda rw");

        Assert.NotEmpty(Read("03:00.0"));
        Assert.Empty(Read("00:1c.0"));
    }

    [Fact]
    public void A_mounted_volume_is_followed_to_the_disks_it_is_made_of()
    {
        Disk("devices/virtual/block/dm-0", "253:0");
        Disk("devices/pci0000:00/0000:00:05.0/nvme/nvme0/nvme0n1/nvme0n1p2", "259:2");
        Link("devices/virtual/block/dm-0/slaves/nvme0n1p2", "devices/pci0000:00/0000:00:05.0/nvme/nvme0/nvme0n1/nvme0n1p2");
        Mounts("22 1 253:0 / /home rw - xfs /dev/mapper/home rw");

        Assert.Equal(["disk nvme0n1p2 is mounted at /home"], Read("00:05.0"));
    }

    [Fact]
    public void A_multipath_namespace_belongs_to_its_controllers()
    {
        Disk("devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "259:0");
        Directory.CreateDirectory(_folder["sys/devices/pci0000:00/0000:00:05.0/nvme/nvme0"]);
        Link("devices/virtual/nvme-subsystem/nvme-subsys0/nvme0", "devices/pci0000:00/0000:00:05.0/nvme/nvme0");
        Link("class/nvme-subsystem/nvme-subsys0", "devices/virtual/nvme-subsystem/nvme-subsys0");
        Mounts("22 1 259:0 / / rw - ext4 /dev/nvme0n1 rw");

        Assert.Equal(["disk nvme0n1 is mounted at /"], Read("00:05.0"));
    }

    [Fact]
    public void A_file_system_with_a_number_of_its_own_is_found_by_its_source()
    {
        Disk("devices/pci0000:00/0000:00:07.0/host0/block/sdb", "8:16");
        Mounts("22 1 0:40 / /data rw - btrfs /dev/sdb rw");

        Assert.Equal(["disk sdb is mounted at /data"], Read("00:07.0"));
    }

    [Fact]
    public void Swap_is_a_use()
    {
        Disk("devices/pci0000:00/0000:00:07.0/host0/block/sdb", "8:16");
        _folder.Write("proc/swaps", "Filename Type Size Used Priority\n/dev/sdb partition 1 0 -2\n");

        Assert.Equal(["disk sdb is used for swap"], Read("00:07.0"));
    }

    // IFF_UP is bit 0 of the flags (net/if.h).
    [Theory]
    [InlineData("0x1003", true)]
    [InlineData("0x1002", false)]
    public void An_interface_is_a_use_while_it_is_up(string flags, bool isUse)
    {
        _folder.Write("sys/devices/pci0000:00/0000:00:03.0/virtio2/net/eth0/flags", flags + "\n");
        Link("class/net/eth0", "devices/pci0000:00/0000:00:03.0/virtio2/net/eth0");

        Assert.Equal(isUse ? ["network interface eth0 is up"] : [], Read("00:03.0"));
    }

    // proc_pid_net(5): destination 0, flags with RTF_UP. On a Xen host the route leads through the guests' bridge.
    [Theory]
    [InlineData("xenbr0 00000000 0100A8C0 0003", true)]
    [InlineData("xenbr0 0000A8C0 00000000 0001", false)]
    [InlineData("xenbr0 00000000 0100A8C0 0002", false)]
    public void The_default_route_is_a_use_of_what_it_leads_through(string route, bool isUse)
    {
        _folder.Write("proc/net/route", $"Iface Destination Gateway Flags\n{route}\n");
        _folder.Write("sys/devices/pci0000:00/0000:00:03.0/net/eth0/flags", "0x1002\n");
        _folder.Write("sys/devices/virtual/net/xenbr0/flags", "0x1002\n");
        Link("class/net/eth0", "devices/pci0000:00/0000:00:03.0/net/eth0");
        Link("class/net/xenbr0", "devices/virtual/net/xenbr0");
        Link("devices/virtual/net/xenbr0/lower_eth0", "devices/pci0000:00/0000:00:03.0/net/eth0");

        Assert.Equal(isUse ? ["the host's default route goes through xenbr0"] : [], Read("00:03.0"));
        if (isUse)
        {
            Assert.Equal(
                $"{_folder["proc/net/route"]}: xenbr0 00000000 0100A8C0",
                Assert.Single(HostUses.Read(_folder["sys"], _folder["proc"]).EvidenceOf(PciAddress.Parse("00:03.0"))));
        }
    }

    [Fact]
    public void The_display_the_host_booted_with_is_a_use()
    {
        _folder.Write("sys/bus/pci/devices/0000:00:10.0/boot_vga", "1\n");
        _folder.Write("sys/bus/pci/devices/0000:00:11.0/boot_vga", "0\n");

        Assert.Single(Read("00:10.0"));
        Assert.Empty(Read("00:11.0"));
    }

    [Fact]
    public void Without_sysfs_and_procfs_nothing_is_used() => Assert.Empty(Read("00:00.0"));

    private IReadOnlyList<string> Read(string address) =>
        HostUses.Read(_folder["sys"], _folder["proc"]).Of(PciAddress.Parse(address));

    private void Mounts(string line) => _folder.Write("proc/self/mountinfo", line + "\n");

    private void Disk(string path, string number)
    {
        _folder.Write($"sys/{path}/dev", number + "\n");
        Link($"class/block/{Path.GetFileName(path)}", path);
    }

    private void Link(string link, string target)
    {
        string path = _folder["sys/" + link];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateSymbolicLink(path, _folder["sys/" + target]);
    }
}
