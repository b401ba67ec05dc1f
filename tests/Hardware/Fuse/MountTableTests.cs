using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Fuse;

public sealed class MountTableTests
{
    private const string Table =
        "22 1 0:20 / / rw - ext4 /dev/root rw\n36 22 0:30 / /run rw shared:5 - tmpfs tmpfs rw\n37 36 0:31 / /run/a\\040b\\134c rw - tmpfs tmpfs rw\n";

    [Theory]
    [InlineData("/run", true)]
    [InlineData("/run/", false)]
    [InlineData("/ru", false)]
    [InlineData(@"/run/a b\c", true)]
    [InlineData("tmpfs", false)]
    public void A_mount_is_found_by_its_place(string place, bool isMounted) => Assert.Equal(isMounted, MountTable.IsMounted(place, Table));
}
