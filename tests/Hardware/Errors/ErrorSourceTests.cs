using System.Collections.Concurrent;
using System.Diagnostics;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Errors;

/// <summary>What both sources of errors do, whatever they tell of: the one of a Linux host over files of its sysfs, and the one in memory.</summary>
public sealed class ErrorSourceTests
{
    public static TheoryData<bool> Both => new(true, false);

    [Theory]
    [MemberData(nameof(Both))]
    public void An_error_is_told_with_its_function_and_none_after_the_end(bool isLinux)
    {
        using FakeSysfs sysfs = new();
        ConcurrentQueue<DeviceError> told = new();
        IErrorSource source = Open(sysfs, isLinux);
        source.Start(told.Enqueue);
        Raise(sysfs, source, isLinux, 1);
        Eventually(() => !told.IsEmpty);

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Correctable, 1L), (told.Single().Device, told.Single().Severity, told.Single().Count));
        source.Dispose();
        Raise(sysfs, source, isLinux, 2);
        Thread.Sleep(20);
        Assert.Single(told);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Who_has_stopped_it_is_told_nothing_and_who_starts_it_again_is(bool isLinux)
    {
        using FakeSysfs sysfs = new();
        ConcurrentQueue<DeviceError> told = new();
        ConcurrentQueue<DeviceError> toldNext = new();
        Action<DeviceError> first = told.Enqueue;
        using IErrorSource source = Open(sysfs, isLinux);
        source.Start(first);
        Raise(sysfs, source, isLinux, 1);
        Eventually(() => !told.IsEmpty);

        source.Stop(first);
        Raise(sysfs, source, isLinux, 2);
        Thread.Sleep(20);
        source.Start(toldNext.Enqueue);
        Raise(sysfs, source, isLinux, 3);
        Eventually(() => !toldNext.IsEmpty);

        Assert.Single(told);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void Who_is_late_with_stopping_it_does_not_stop_it_for_the_next_one(bool isLinux)
    {
        using FakeSysfs sysfs = new();
        ConcurrentQueue<DeviceError> told = new();
        ConcurrentQueue<DeviceError> toldNext = new();
        Action<DeviceError> first = told.Enqueue;
        using IErrorSource source = Open(sysfs, isLinux);
        source.Start(first);
        source.Start(toldNext.Enqueue);
        source.Stop(first);

        Raise(sysfs, source, isLinux, 1);
        Eventually(() => !toldNext.IsEmpty);

        Assert.Empty(told);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void The_status_of_a_function_that_is_not_there_is_cleared_without_complaint(bool isLinux)
    {
        using FakeSysfs sysfs = new();
        using IErrorSource source = Open(sysfs, isLinux);

        source.Clear(new(0, 0x77, 0, 0));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void It_ends_twice_and_without_having_begun(bool isLinux)
    {
        using FakeSysfs sysfs = new();
        IErrorSource source = Open(sysfs, isLinux);

        source.Dispose();
        source.Dispose();
    }

    [Fact]
    public async Task Its_end_does_not_wait_for_a_register_that_does_not_answer()
    {
        using FakeSysfs sysfs = new();
        using ManualResetEventSlim isAsked = new();
        using ManualResetEventSlim answer = new();
        LinuxErrorSource source = new(
            sysfs.Bus,
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
        using FakeSysfs sysfs = new();
        using IErrorSource source = Open(sysfs, isLinux: true);
        source.Start(static _ => { });

        Assert.Contains(source.Remarks, static remark => remark.Contains("only known from the devices' registers", StringComparison.Ordinal));
    }

    [Fact]
    public void The_lines_of_the_trace_are_read_as_they_come_and_the_instance_is_switched_off_again()
    {
        using FakeSysfs sysfs = new();
        string instance = sysfs.At("tracing/instances/pcibackflow-errors");
        Directory.CreateDirectory(Path.Combine(instance, "events/ras/aer_event"));
        File.WriteAllText(
            Path.Combine(instance, "trace_pipe"),
            "aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, Data Link Protocol Error, TLP Header=Not available\naer_event: 0000:01");
        ConcurrentQueue<DeviceError> told = new();
        using (LinuxErrorSource source = new(sysfs.Bus, static () => [FakeSysfs.Card], sysfs.At("tracing"), TimeSpan.FromMilliseconds(50)))
        {
            source.Start(told.Enqueue);
            Assert.Equal("1", File.ReadAllText(Path.Combine(instance, "events/ras/aer_event/enable")));
            Eventually(() => !told.IsEmpty);
        }

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Fatal, "DLP"), (told.Single().Device, told.Single().Severity, told.Single().Bits.Single()));
        Assert.Equal("0", File.ReadAllText(Path.Combine(instance, "events/ras/aer_event/enable")));
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
        using FakeSysfs sysfs = new();
        string instance = sysfs.At("tracing/instances/pcibackflow-errors");
        Directory.CreateDirectory(Path.Combine(instance, "events/ras/aer_event"));
        File.WriteAllText(
            Path.Combine(instance, "trace_pipe"),
            "aer_event: 0000:01:00.0 PCIe Bus Error: severity=Fatal, Data Link Protocol Error, TLP Header=Not available\n");
        ConcurrentQueue<DeviceError> told = new();
        Action<DeviceError> listener = told.Enqueue;
        using LinuxErrorSource source = new(sysfs.Bus, static () => [FakeSysfs.Card], sysfs.At("tracing"), TimeSpan.FromHours(1));
        source.Start(listener);
        Thread.Sleep(100);
        Assert.Empty(told);

        source.Stop(listener);

        Assert.Equal((FakeSysfs.Card, ErrorSeverity.Fatal), (told.Single().Device, told.Single().Severity));
    }

    private static IErrorSource Open(FakeSysfs sysfs, bool isLinux) =>
        isLinux ? new LinuxErrorSource(sysfs.Bus, static () => [FakeSysfs.Card], sysfs.At("tracing")) : new EmulatedErrorSource();

    private static void Raise(FakeSysfs sysfs, IErrorSource source, bool isLinux, int total)
    {
        if (source is EmulatedErrorSource emulated)
        {
            emulated.Raise(new(FakeSysfs.Card, ErrorSeverity.Correctable));
        }
        else
        {
            // The first look only remembers.
            Thread.Sleep(isLinux ? 100 : 0);
            sysfs.Write(FakeSysfs.Card, "aer_dev_correctable", FakeSysfs.Counters("TOTAL_ERR_COR", ("RxErr", total)));
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
