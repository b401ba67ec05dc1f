using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Calls;

public sealed class XenCallTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("xencall").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Without_the_device_its_module_is_named()
    {
        HypervisorException refused = Assert.Throws<HypervisorException>(() => XenCall.Open(_root));

        Assert.Equal(Errno.ENOENT, refused.Errno);
        Assert.Contains("xen-privcmd", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dev/xen")]
    [InlineData("proc/xen")]
    public void Without_the_library_its_package_is_named(string directory)
    {
        Directory.CreateDirectory(Path.Combine(_root, directory));
        File.WriteAllText(Path.Combine(_root, directory, "privcmd"), "");

        HypervisorException refused = Assert.Throws<HypervisorException>(() => XenCall.Open(_root, "libxencall-that-nobody-has.so.1"));

        Assert.Equal(Errno.ENOENT, refused.Errno);
        Assert.Contains("libxencall1", refused.Message, StringComparison.Ordinal);
    }
}
