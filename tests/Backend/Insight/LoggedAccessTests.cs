using PciBackFlow.Backend.Insight;

namespace PciBackFlow.Backend.Tests.Insight;

public sealed class LoggedAccessTests
{
    [Theory]
    // This daemon (DeniedWriteLog), as it stands in a terminal and in a journal.
    [InlineData(
        "pcibackflow: warning: domain 1: write 0x0400 to 04:00.0 PCIe Device Control denied by default policy (seen 1 times)",
        "0000:04:00.0", "PCIe Device Control", -1, 2, true, 0x400u)]
    [InlineData(
        "Nov 30 20:41:07 host pcibackflow[7]: domain 3: write 0xff to 0001:04:00.0 Unlisted 0x40-0x7f at 0x48 denied by strict policy (seen 10 times)",
        "0001:04:00.0", "Unlisted 0x40-0x7f at 0x48", -1, 1, true, 0xFFu)]
    [InlineData("write 0xfee00000 to 00:04.0 MSI Message Address denied in every policy", "0000:00:04.0", "MSI Message Address", -1, 4, true, 0xFEE00000u)]
    // Linux drivers/xen/xen-pciback/conf_space.c until 5.7: printk(KERN_DEBUG DRV_NAME ": %s: write request %d bytes at 0x%x = %x\n").
    [InlineData("[   71.345678] xen-pciback: 0000:03:00.0: write request 2 bytes at 0xe0 = 107", "0000:03:00.0", null, 0xE0, 2, true, 0x107u)]
    [InlineData("[   71.345678] pciback: 0000:03:00.0: read 4 bytes at 0x0", "0000:03:00.0", null, 0, 4, false, null)]
    // Since 5.8: dev_dbg with dev_fmt.
    [InlineData("pciback 0000:03:00.0: xen-pciback: write request 1 bytes at 0x3c = ff", "0000:03:00.0", null, 0x3C, 1, true, 0xFFu)]
    [InlineData("pciback 0000:03:00.0: xen-pciback: read 4 bytes at 0x10 = fe000000", "0000:03:00.0", null, 0x10, 4, false, null)]
    // Its warning, once for each device.
    [InlineData(
        "pciback 0000:13:04.1: Driver tried to write to a read-only configuration space field at offset 0xe0, size 2. This may be harmless, but",
        "0000:13:04.1", null, 0xE0, 2, true, null)]
    public void A_line_of_a_log_says_what_a_guest_did(string line, string address, string? register, int offset, int size, bool isWrite, uint? value)
    {
        Assert.True(LoggedAccess.TryParse(line, out LoggedAccess? access), line);

        Assert.Equal((address, register, offset, size, isWrite, value), (
            access.Function.ToString(), access.Register, access.Offset, access.Size, access.IsWrite, access.Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("CAP_EXP+8.w=f")]
    [InlineData("1) see permissive attribute in sysfs")]
    [InlineData("domain 1: backend state InitWait -> Connected")]
    [InlineData("pciback 0000:03:00.0: write request 3 bytes at 0xe0 = 107")]
    [InlineData("pciback 0000:03:00.0: write request 2 bytes at 0x1000 = 107")]
    [InlineData("pciback 0000:03:00.0: write request 2 bytes at 0xe0 = xyz")]
    [InlineData("pciback 0000:03:00.0: write request 2 bytes at 0xe0")]
    [InlineData("pciback: write request 2 bytes at 0xe0 = 107")]
    [InlineData("write 0x400 to 04:00.0 PCIe Device Control denied by default policy")]
    [InlineData("write 0x0400 to 04:00.9 PCIe Device Control denied by default policy")]
    [InlineData("write 0x0400 to 04:00.0 denied by default policy")]
    [InlineData("denied write 0x0400 to 04:00.0 PCIe Device Control")]
    [InlineData("pciback 0000:13:04.1: a read-only configuration space field at offset 0xe0, size 3.")]
    public void Other_lines_say_nothing(string line) => Assert.False(LoggedAccess.TryParse(line, out _), line);
}
