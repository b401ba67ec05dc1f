using PciBackFlow.Hardware.Hypervisor.Xen;

namespace PciBackFlow.Hardware.Tests.Hypervisor;

public sealed class XenLibraryTests
{
    [Fact]
    public void A_library_that_can_be_loaded_is_found_with_its_file() => Assert.Contains("/libc.so", XenLibrary.Find("libc.so.6"), StringComparison.Ordinal);

    [Fact]
    public void One_that_is_not_there_is_not_found() => Assert.Null(XenLibrary.Find("libnosuchthing.so.1"));
}
