using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Errors;

/// <summary>One error of all that is said about it. The rows are what a Linux 6.1 host under Xen said of errors injected by QEMU 7.2.</summary>
public sealed class ErrorCollectorTests : IDisposable
{
    private const int UncorrectableStatus = 0x104;
    private const int DeviceControlAndStatus = 0x48;

    private readonly FakeSysfs _sysfs = new();
    private readonly ErrorCollector _collector;

    public ErrorCollectorTests()
    {
        _collector = new(_sysfs.Bus, static () => [FakeSysfs.Card, FakeSysfs.CardToo, FakeSysfs.Other]);
        _collector.LookAtCounters(0);
    }

    public void Dispose() => _sysfs.Dispose();

    [Fact]
    public void A_lost_transaction_of_a_function_without_a_driver_is_told_once()
    {
        Trace(FakeSysfs.Card, ErrorSeverity.NonFatal, "CmpltAbrt", new TlpHeader(1, 2, 3, 4));
        Uevent(FakeSysfs.Card, KernelRecovery.Failed);
        _sysfs.Write(FakeSysfs.Card, "aer_dev_nonfatal", FakeSysfs.Counters("TOTAL_ERR_NONFATAL", ("DLP", 0), ("CmpltAbrt", 1)));
        _sysfs.WriteRegister(FakeSysfs.Card, UncorrectableStatus, 0x8000);
        _collector.LookAtCounters(10);

        Assert.Empty(_collector.TakeDue(50));
        DeviceError error = Assert.Single(_collector.TakeDue(PendingErrors.SettleMilliseconds));

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.NonFatal, false), (error.Device, error.Severity, error.IsOfThePort));
        Assert.Equal(["CmpltAbrt"], error.Bits);
        Assert.Equal(new TlpHeader(1, 2, 3, 4), error.Header);
        Assert.Equal((KernelRecovery.Failed, 1L), (error.Kernel, error.Count));
        Assert.Equal([FakeSysfs.Card, FakeSysfs.CardToo], error.SameLink);
        Assert.Empty(_collector.TakeDue(100_000));
        Assert.Equal(long.MaxValue, _collector.DueAt);
    }

    // Seen on Xen on a busy machine: the counters were looked at a moment after the error had been told, and the device was reset a second time.
    [Theory]
    [InlineData("aer_dev_nonfatal", "TOTAL_ERR_NONFATAL", ErrorSeverity.NonFatal, PendingErrors.SettleMilliseconds)]
    [InlineData("aer_dev_fatal", "TOTAL_ERR_FATAL", ErrorSeverity.Fatal, PendingErrors.FatalSettleMilliseconds)]
    public void What_was_counted_when_it_is_told_is_no_second_error(string file, string total, ErrorSeverity severity, int due)
    {
        Trace(FakeSysfs.Port, severity, "CmpltAbrt", header: null);
        Uevent(FakeSysfs.Card, KernelRecovery.Failed);
        _sysfs.Write(FakeSysfs.Port, file, FakeSysfs.Counters(total, ("DLP", 0), ("CmpltAbrt", 1)));

        Assert.Single(_collector.TakeDue(due));
        _collector.LookAtCounters(due + 1);

        Assert.Empty(_collector.TakeDue(100_000));
    }

    [Fact]
    public void A_fatal_error_of_a_port_is_everybody_s_below_it()
    {
        Trace(FakeSysfs.Port, ErrorSeverity.Fatal, "DLP", header: null);
        Uevent(FakeSysfs.Card, KernelRecovery.Failed);

        DeviceError error = Assert.Single(_collector.TakeDue(1000));

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Fatal, true), (error.Device, error.Severity, error.IsOfThePort));
        Assert.Equal([FakeSysfs.Card, FakeSysfs.CardToo], error.SameLink);
    }

    [Fact]
    public void A_fatal_error_is_told_when_the_kernel_s_reset_of_the_link_has_begun_for_certain()
    {
        Uevent(FakeSysfs.Card, KernelRecovery.Failed);
        Trace(FakeSysfs.Card, ErrorSeverity.Fatal, "DLP", header: null);

        Assert.Empty(_collector.TakeDue(PendingErrors.FatalSettleMilliseconds - 1));
        Assert.Single(_collector.TakeDue(PendingErrors.FatalSettleMilliseconds));
    }

    [Fact]
    public void A_fatal_error_that_is_counted_at_the_port_alone_is_the_function_s_that_the_trace_names()
    {
        Trace(FakeSysfs.Card, ErrorSeverity.Fatal, bits: null, header: null);
        _sysfs.Write(FakeSysfs.Port, "aer_dev_fatal", FakeSysfs.Counters("TOTAL_ERR_FATAL", ("DLP", 1)));
        _collector.LookAtCounters(1);
        Uevent(FakeSysfs.Card, KernelRecovery.Failed);

        DeviceError error = Assert.Single(_collector.TakeDue(1000));

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Fatal, false, 1L), (error.Device, error.Severity, error.IsOfThePort, error.Count));
        Assert.Equal(["DLP"], error.Bits);
    }

    [Theory]
    [InlineData(0x8000u, ErrorSeverity.NonFatal, "CmpltAbrt")]
    [InlineData(0x0010u, ErrorSeverity.Fatal, "DLP")]
    [InlineData(0x0000u, ErrorSeverity.Fatal, "")]
    public void Where_only_the_kernel_s_event_is_heard_the_registers_say_how_bad_it_is(uint status, ErrorSeverity severity, string bits)
    {
        _sysfs.WriteRegister(FakeSysfs.Card, UncorrectableStatus, status);
        Uevent(FakeSysfs.Card, KernelRecovery.Failed);

        DeviceError error = Assert.Single(_collector.TakeDue(1000));

        Assert.Equal((severity, bits), (error.Severity, string.Join(' ', error.Bits)));
    }

    [Fact]
    public void What_the_kernel_never_finishes_with_is_told_after_a_while()
    {
        Trace(FakeSysfs.Card, ErrorSeverity.NonFatal, "CmpltTO", header: null);
        Uevent(FakeSysfs.Card, KernelRecovery.Begun);

        Assert.Empty(_collector.TakeDue(PendingErrors.LongestMilliseconds - 1));
        Assert.Equal(KernelRecovery.Begun, Assert.Single(_collector.TakeDue(PendingErrors.LongestMilliseconds)).Kernel);
    }

    [Fact]
    public void Corrected_errors_are_counted_by_the_kernel_and_not_once_more_by_its_trace()
    {
        Trace(FakeSysfs.Card, ErrorSeverity.Correctable, "BadTLP", header: null);
        _sysfs.Write(FakeSysfs.Card, "aer_dev_correctable", FakeSysfs.Counters("TOTAL_ERR_COR", ("RxErr", 2), ("BadTLP", 5)));
        _collector.LookAtCounters(5);

        DeviceError error = Assert.Single(_collector.TakeDue(5));

        Assert.Equal((ErrorSeverity.Correctable, 7L, "RxErr BadTLP"), (error.Severity, error.Count, string.Join(' ', error.Bits)));
    }

    [Fact]
    public void Errors_of_two_links_are_two()
    {
        Trace(FakeSysfs.Card, ErrorSeverity.NonFatal, "ECRC", header: null);
        Trace(FakeSysfs.Other, ErrorSeverity.Fatal, "DLP", header: null);

        Assert.Equal([FakeSysfs.Card, FakeSysfs.Other], _collector.TakeDue(10_000).Select(static error => error.Device).Order());
    }

    [Fact]
    public void A_storm_is_one_error_with_a_number()
    {
        for (int i = 0; i < 10_000; i++)
        {
            Trace(FakeSysfs.Card, ErrorSeverity.NonFatal, "CmpltAbrt", header: null);
        }

        _sysfs.Write(FakeSysfs.Card, "aer_dev_nonfatal", FakeSysfs.Counters("TOTAL_ERR_NONFATAL", ("CmpltAbrt", 10_000)));
        _collector.LookAtCounters(1);

        Assert.Equal(10_000, Assert.Single(_collector.TakeDue(10_000)).Count);
    }

    [Fact]
    public void Status_is_cleared_where_the_kernel_owns_it_and_nowhere_else()
    {
        foreach (PciAddress device in new[] { FakeSysfs.Card, FakeSysfs.Other })
        {
            _sysfs.WriteRegister(device, UncorrectableStatus, 0x8000);
            _sysfs.WriteRegister(device, DeviceControlAndStatus, 0x0012_000F);
        }

        // A file keeps what is written, where a register would be cleared by it: that it was written shows as the bits that were set.
        _sysfs.SetFirmwareFirst(FakeSysfs.OtherPort);
        _collector.Clear(FakeSysfs.Card);
        _collector.Clear(FakeSysfs.Other);

        Assert.Equal(0x8000u, _sysfs.ReadRegister(FakeSysfs.Card, UncorrectableStatus));
        Assert.Equal(0x0002_000Fu, _sysfs.ReadRegister(FakeSysfs.Card, DeviceControlAndStatus));
        Assert.Equal(0x0012_000Fu, _sysfs.ReadRegister(FakeSysfs.Other, DeviceControlAndStatus));
        _collector.Clear(new(0, 9, 9, 1));
    }

    [Fact]
    public void What_makes_errors_worse_on_this_host_is_said()
    {
        Assert.Empty(_collector.Hazards());

        _sysfs.SetFirmwareFirst(FakeSysfs.OtherPort);
        Directory.CreateDirectory(_sysfs.At("module/pcieportdrv/parameters"));
        File.WriteAllText(_sysfs.At("module/pcieportdrv/parameters/aer_unrecoverable_fatal"), "Y\n");

        // DPC at 0x100 instead of AER.
        _sysfs.WriteRegister(FakeSysfs.Port, 0x100, 0x0001_001D);
        _sysfs.WriteRegister(FakeSysfs.Port, 0x104, 0x0001_0000);

        string[] hazards = [.. _collector.Hazards()];
        Assert.Equal(3, hazards.Length);
        Assert.Contains($"{FakeSysfs.Other}", hazards[0], StringComparison.Ordinal);
        Assert.Contains("firmware first", hazards[0], StringComparison.Ordinal);
        Assert.Contains("panics the host", hazards[1], StringComparison.Ordinal);
        Assert.Contains($"{FakeSysfs.Card}, {FakeSysfs.CardToo} contains errors (DPC)", hazards[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Drivers_of_the_host_beside_a_held_device_are_said_to_lose_their_recovery()
    {
        ErrorCollector alone = new(_sysfs.Bus, static () => [FakeSysfs.Card]);
        Assert.Empty(alone.Hazards());

        File.CreateSymbolicLink(_sysfs.At($"bus/pci/devices/{FakeSysfs.CardToo}/driver"), "../../../drivers/e1000e");

        Assert.Contains($"the host's own {FakeSysfs.CardToo} lose", Assert.Single(alone.Hazards()), StringComparison.Ordinal);
    }

    private void Trace(PciAddress device, ErrorSeverity severity, string? bits, TlpHeader? header) =>
        _collector.Observe(new(device, severity) { Bits = bits is null ? [] : [bits], Header = header, Count = 1 }, 0);

    private void Uevent(PciAddress device, KernelRecovery kernel) => _collector.Observe(new(device, Severity: null) { Kernel = kernel }, 0);
}
