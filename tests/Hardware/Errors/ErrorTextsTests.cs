using System.Text;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Errors;

/// <summary>What the kernel writes about errors, as it was seen on Linux 6.1 under Xen 4.17 and in the formats of its sources.</summary>
public sealed class ErrorTextsTests
{
    // Origin: the format of include/ras/ras_event.h, with and without a header, with older names.
    [Theory]
    [InlineData(
        "  irq/24-aerdrv-120   [000] .....   412.000001: aer_event: 0000:01:00.0 PCIe Bus Error: severity=Uncorrected, non-fatal, Completer Abort, "
        + "TLP Header={0x4a000001,0x200000f,0x01000000,0xdeadbeef}",
        ErrorSeverity.NonFatal, "CmpltAbrt", "4a000001 0200000f 01000000 deadbeef")]
    [InlineData(
        "aer_event: 0000:00:0a.0 PCIe Bus Error: severity=Fatal, Data Link Protocol Error|Malformed TLP, TLP Header=Not available",
        ErrorSeverity.Fatal, "DLP MalfTLP", null)]
    [InlineData("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, , TLP Header=Not available", ErrorSeverity.Fatal, "", null)]
    [InlineData("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Corrected, Bad TLP, TLP Header=Not available", ErrorSeverity.Correctable, "BadTLP", null)]
    [InlineData("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Corrected, Advisory Non-Fatal", ErrorSeverity.Correctable, "NonFatalErr", null)]
    [InlineData("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Uncorrected, non-fatal, ECRC|0x80000000", ErrorSeverity.NonFatal, "ECRC 0x80000000", null)]
    public void A_line_of_the_trace_is_understood(string line, ErrorSeverity severity, string bits, string? header)
    {
        Assert.True(ErrorTraceLine.TryParse(line, out ErrorObservation? seen));

        Assert.Equal((severity, bits, header), (seen.Severity!.Value, string.Join(' ', seen.Bits), seen.Header?.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("aer_event: 0000:01:00.0")]
    [InlineData("aer_event: nowhere PCIe Bus Error: severity=Fatal, DLP")]
    [InlineData("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Terrible, DLP")]
    [InlineData(" PCIe Bus Error: severity=Fatal aer_event: ")]
    [InlineData("mc_event: 1 Corrected error on mc#0")]
    public void A_line_of_anything_else_is_not(string line) => Assert.False(ErrorTraceLine.TryParse(line, out _));

    // Origin: lib/kobject_uevent.c (form), drivers/pci/pci-driver.c (pci_uevent_ers).
    [Theory]
    [InlineData("pci", "BEGIN_RECOVERY", KernelRecovery.Begun)]
    [InlineData("pci", "SUCCESSFUL_RECOVERY", KernelRecovery.Succeeded)]
    [InlineData("pci", "FAILED_RECOVERY", KernelRecovery.Failed)]
    [InlineData("pci", "SOMETHING", null)]
    [InlineData("pci", null, null)]
    [InlineData("net", "FAILED_RECOVERY", null)]
    public void An_event_of_the_kernel_is_understood(string subsystem, string? error, object? kernel)
    {
        string text = $"change@/devices/pci0000:00/0000:00:0a.0/0000:01:00.0\0ACTION=change\0SUBSYSTEM={subsystem}\0"
            + (error is null ? string.Empty : $"ERROR_EVENT={error}\0DEVICE_ONLINE=0\0") + "PCI_SLOT_NAME=0000:01:00.0\0SEQNUM=2000\0";

        Assert.Equal(kernel is not null, ErrorUevent.TryParse(Encoding.UTF8.GetBytes(text), out ErrorObservation? seen));
        Assert.Equal(kernel, seen is null ? null : (object)seen.Kernel);
        Assert.Equal(kernel is null ? null : new PciAddress(0, 1, 0, 0), seen?.Device);
    }

    [Fact]
    public void Bytes_that_are_no_event_are_none()
    {
        Random random = new(1);
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = new byte[random.Next(0, 300)];
            random.NextBytes(bytes);
            Assert.False(ErrorUevent.TryParse(bytes, out _));
        }

        Assert.False(ErrorUevent.TryParse(new byte[100_000], out _));
    }

    [Fact]
    public void Bits_have_the_names_of_the_kernel_s_counters()
    {
        Assert.Equal(["DLP", "CmpltAbrt", "bit 1"], AerBits.NamesOf(0x8010, false).Append(AerBits.NamesOf(2, false)[0]));
        Assert.Equal(["RxErr", "HeaderOF"], AerBits.NamesOf(0x8001, true));
        Assert.Equal("SDES", AerBits.FromTrace("Surprise Down Error", false));
    }
}
