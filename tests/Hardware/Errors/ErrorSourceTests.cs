using System.Collections.Concurrent;
using System.Diagnostics;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Errors;

/// <summary>What both sources of errors do, whatever they tell of: the one of a Linux host over files of its sysfs, and the one in memory.</summary>
public sealed class ErrorSourceTests : IDisposable
{
    private const string FatalLine =
        "aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, Data Link Protocol Error, TLP Header=Not available\n";

    private readonly FakeSysfs _sysfs = new();
    private readonly ConcurrentQueue<DeviceError> _told = new();

    public static TheoryData<bool> Both => new(true, false);

    public void Dispose() => _sysfs.Dispose();

    [Theory]
    [MemberData(nameof(Both))]
    public void An_error_is_told_with_its_function_and_none_after_the_end(bool isLinux)
    {
        IErrorSource source = Open(isLinux);
        source.Start(_told.Enqueue);
        Raise(source, 1);
        Eventually(() => !_told.IsEmpty);

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Correctable, 1L), (_told.Single().Device, _told.Single().Severity, _told.Single().Count));
        source.Dispose();
        Raise(source, 2);
        Thread.Sleep(20);
        Assert.Single(_told);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Who_has_stopped_it_is_told_nothing_and_who_starts_it_again_is(bool isLinux)
    {
        ConcurrentQueue<DeviceError> toldNext = new();
        Action<DeviceError> first = _told.Enqueue;
        using IErrorSource source = Open(isLinux);
        source.Start(first);
        Raise(source, 1);
        Eventually(() => !_told.IsEmpty);

        source.Stop(first);
        Raise(source, 2);
        Thread.Sleep(20);
        source.Start(toldNext.Enqueue);
        Raise(source, 3);
        Eventually(() => !toldNext.IsEmpty);

        Assert.Single(_told);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Who_is_late_with_stopping_it_does_not_stop_it_for_the_next_one(bool isLinux)
    {
        ConcurrentQueue<DeviceError> toldNext = new();
        Action<DeviceError> first = _told.Enqueue;
        using IErrorSource source = Open(isLinux);
        source.Start(first);
        source.Start(toldNext.Enqueue);
        source.Stop(first);

        Raise(source, 1);
        Eventually(() => !toldNext.IsEmpty);

        Assert.Empty(_told);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void The_status_of_a_function_that_is_not_there_is_cleared_without_complaint(bool isLinux)
    {
        using IErrorSource source = Open(isLinux);

        source.Clear(new(0, 0x77, 0, 0));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void It_ends_twice_and_without_having_begun(bool isLinux)
    {
        IErrorSource source = Open(isLinux);

        source.Dispose();
        source.Dispose();
    }

    [Fact]
    public async Task Its_end_does_not_wait_for_a_register_that_does_not_answer()
    {
        using ManualResetEventSlim isAsked = new();
        using ManualResetEventSlim answer = new();
        LinuxErrorSource source = new(
            _sysfs.Bus,
            () =>
            {
                isAsked.Set();
                answer.Wait();
                return [];
            });
        source.Start(static _ => { });
        isAsked.Wait();

        await Task.Run(source.Dispose).WaitAsync(TimeSpan.FromSeconds(20));
        answer.Set();
    }

    [Fact]
    public void A_host_without_a_trace_is_served_and_told_of()
    {
        using IErrorSource source = Open(isLinux: true);
        source.Start(static _ => { });

        Assert.Contains(source.Remarks, static remark => remark.Contains("only known from the devices' registers", StringComparison.Ordinal));
    }

    [Fact]
    public void The_lines_of_the_trace_are_read_as_they_come_and_the_instance_is_switched_off_again()
    {
        string enabled = Trace($"{FatalLine}aer_event: 0000:01");
        using (LinuxErrorSource source = new(_sysfs.Bus, static () => [FakeSysfs.Card], _sysfs.At("tracing"), TimeSpan.FromMilliseconds(50)))
        {
            source.Start(_told.Enqueue);
            Assert.Equal("1", File.ReadAllText(enabled));
            Eventually(() => !_told.IsEmpty);
        }

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Fatal, "DLP"), (_told.Single().Device, _told.Single().Severity, _told.Single().Bits.Single()));
        Assert.Equal("0", File.ReadAllText(enabled));
    }

    [Fact]
    public void Where_the_trace_tells_of_errors_the_counters_are_looked_at_when_it_does()
    {
        using FakeSysfs sysfs = new();
        string instance = sysfs.At("tracing/instances/pcibackflow-errors");
        Directory.CreateDirectory(Path.Combine(instance, "events/ras/aer_event"));
        using FakeTracePipe trace = new(Path.Combine(instance, "trace_pipe"));
        ConcurrentQueue<DeviceError> told = new();
        int looks = 0;
        using LinuxErrorSource source = new(
            sysfs.Bus,
            () =>
            {
                Interlocked.Increment(ref looks);
                return [FakeSysfs.Card];
            },
            sysfs.At("tracing"));
        source.Start(told.Enqueue);
        Thread.Sleep(2500);
        Assert.Equal(1, Volatile.Read(ref looks));

        // As the kernel does it: counted, then said.
        sysfs.Write(FakeSysfs.Card, "aer_dev_correctable", FakeSysfs.Counters("TOTAL_ERR_COR", ("RxErr", 3)));
        trace.Write("aer_event: 0000:01:00.0 PCIe Bus Error: severity=Corrected, Receiver Error, TLP Header=Not available\n");
        Eventually(() => !told.IsEmpty);

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Correctable, 3L), (told.Single().Device, told.Single().Severity, told.Single().Count));
        Assert.Equal(2, Volatile.Read(ref looks));
    }

    [Fact]
    public void What_the_kernel_has_not_finished_with_is_told_at_the_stop()
    {
        Trace(FatalLine);
        Action<DeviceError> listener = _told.Enqueue;
        using LinuxErrorSource source = new(_sysfs.Bus, static () => [FakeSysfs.Card], _sysfs.At("tracing"), TimeSpan.FromHours(1));
        source.Start(listener);
        Thread.Sleep(100);
        Assert.Empty(_told);

        source.Stop(listener);

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Fatal), (_told.Single().Device, _told.Single().Severity));
    }

    private IErrorSource Open(bool isLinux) =>
        isLinux ? new LinuxErrorSource(_sysfs.Bus, static () => [FakeSysfs.Card], _sysfs.At("tracing")) : new EmulatedErrorSource();

    // The kernel's trace, with these lines in it; whether its events are on stands in the file that is answered.
    private string Trace(string lines)
    {
        string instance = _sysfs.At("tracing/instances/pcibackflow-errors");
        Directory.CreateDirectory(Path.Combine(instance, "events/ras/aer_event"));
        File.WriteAllText(Path.Combine(instance, "trace_pipe"), lines);
        return Path.Combine(instance, "events/ras/aer_event/enable");
    }

    private void Raise(IErrorSource source, int total)
    {
        if (source is EmulatedErrorSource emulated)
        {
            emulated.Raise(new(FakeSysfs.Card, ErrorSeverity.Correctable));
        }
        else
        {
            // The first look only remembers.
            Thread.Sleep(100);
            _sysfs.Write(FakeSysfs.Card, "aer_dev_correctable", FakeSysfs.Counters("TOTAL_ERR_COR", ("RxErr", total)));
        }
    }

    private static void Eventually(Func<bool> holds)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(20), "not within 20 s");
            Thread.Sleep(5);
        }
    }
}
