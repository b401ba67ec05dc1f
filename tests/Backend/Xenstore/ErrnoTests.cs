using PciBackFlow.Backend.Xenstore;

namespace PciBackFlow.Backend.Tests.Xenstore;

public sealed class ErrnoTests
{
    [Theory] // asm-generic/errno-base.h, errno.h
    [InlineData("EPERM", 1)]
    [InlineData("ENOENT", 2)]
    [InlineData("ESRCH", 3)]
    [InlineData("EIO", 5)]
    [InlineData("ENXIO", 6)]
    [InlineData("E2BIG", 7)]
    [InlineData("EAGAIN", 11)]
    [InlineData("ENOMEM", 12)]
    [InlineData("EACCES", 13)]
    [InlineData("EFAULT", 14)]
    [InlineData("EBUSY", 16)]
    [InlineData("EEXIST", 17)]
    [InlineData("ENODEV", 19)]
    [InlineData("EINVAL", 22)]
    [InlineData("ENOSPC", 28)]
    [InlineData("EDOM", 33)]
    [InlineData("ERANGE", 34)]
    [InlineData("ENOSYS", 38)]
    [InlineData("ENODATA", 61)]
    [InlineData("EOPNOTSUPP", 95)]
    [InlineData("EALREADY", 114)]
    [InlineData("EFUTURE", 5)]
    public void An_error_a_hypervisor_names_reaches_guests_and_toolstacks_as_Linux_number(string name, int number) => Assert.Equal(number, Errno.FromName(name));
}
