using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Hardware.Errors;

/// <summary>
/// Errors as a Linux host tells of them: the kernel's events about its recoveries, the trace event <c>ras:aer_event</c>, its counters, and the functions' own
/// registers; each error once. The kernel's log is not read. What cannot be opened is left out, and said.
/// </summary>
public sealed unsafe class LinuxErrorSource : IErrorSource
{
    // Corrected errors have no event: this is how late they are counted where there is no trace, and no oftener are the counters looked at where there is.
    private const int CounterMilliseconds = 1000;

    // Where there is a trace, each error wakes the thread, which looks then; and now and then for what the trace may have lost.
    private const int RareMilliseconds = 60_000;
    private const int BufferBytes = 16 * 1024;

    // Guests wait while one daemon ends and another one begins; a register that a reset holds up would let them wait for seconds.
    private const int StopMilliseconds = 250;

    private readonly string _tracing;
    private readonly ErrorCollector _collector;
    private readonly List<string> _missing = [];
    private readonly int _wake;
    private KernelEvents? _events;
    private ErrorTrace? _trace;
    private volatile Action<DeviceError>? _found;
    private Thread? _thread;
    private volatile bool _isStopping;
    private volatile bool _isOver;

    /// <summary>Creates it; nothing is opened yet.</summary>
    /// <param name="bus">The host's bus.</param>
    /// <param name="followed">The functions whose counters are looked at; called often, by another thread.</param>
    /// <param name="tracing">Where tracefs is; null to look for it.</param>
    /// <param name="patience">How long the kernel's last word about an error is waited for; null for longer than it takes to reset a link.</param>
    public LinuxErrorSource(SysfsBus bus, Func<IReadOnlyList<PciAddress>> followed, string? tracing = null, TimeSpan? patience = null)
    {
        _tracing = tracing ?? ErrorTrace.FindRoot();
        _collector = new(bus, followed, (int?)patience?.TotalMilliseconds ?? PendingErrors.LongestMilliseconds);
        _wake = LinuxCalls.OpenEvent(0, LinuxCalls.NonBlocking | LinuxCalls.CloseOnExec);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Remarks
    {
        get
        {
            lock (_missing)
            {
                return [.. _missing, .. _collector.Hazards()];
            }
        }
    }

    /// <inheritdoc/>
    public void Start(Action<DeviceError> found)
    {
        _found = found;
        if (_thread is null)
        {
            _events = TryOpen(KernelEvents.Open, "which recoveries the kernel has ended is not known");
            _trace = TryOpen(() => ErrorTrace.Open(_tracing), "the transactions that failed are only known from the devices' registers");
        }
        else if (_isStopping)
        {
            _thread.Join();
            _isStopping = false;
        }
        else
        {
            return;
        }

        _thread = new(Run) { IsBackground = true, Name = "errors" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public void Stop(Action<DeviceError> found)
    {
        if (_found != found)
        {
            return;
        }

        // The thread ends: the lines of the trace are whose who reads them, and another process may read them from now on.
        _isStopping = true;
        Wake();
        _thread?.Join(StopMilliseconds);
        _found = null;
    }

    /// <inheritdoc/>
    public void Clear(PciAddress device) => _collector.Clear(device);

    /// <summary>Another process follows the same trace: it stays switched on when this ends.</summary>
    public void LeaveTrace() => _trace?.Leave();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        Wake();
        if (_thread?.Join(StopMilliseconds) == false)
        {
            // Its descriptors are the kernel's to close: guests wait for this process's end.
            return;
        }

        _events?.Dispose();
        _trace?.Dispose();
        _ = LinuxCalls.Close(_wake);
    }

    private void Wake()
    {
        ulong one = 1;
        _ = LinuxCalls.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    private T? TryOpen<T>(Func<T> open, string otherwise)
        where T : class
    {
        try
        {
            return open();
        }
        catch (IOException e)
        {
            lock (_missing)
            {
                _missing.Add($"{e.Message}: {otherwise}");
            }

            return null;
        }
    }

    private void Run()
    {
        byte[] buffer = new byte[BufferBytes];
        long countersAt = 0;
        long soonest = 0;

        // What woke the thread before this one. Whether this one is to end is asked behind it.
        ulong before;
        _ = LinuxCalls.Read(_wake, (byte*)&before, sizeof(ulong));
        while (!_isOver && !_isStopping)
        {
            long now = Environment.TickCount64;
            if (now >= countersAt)
            {
                _collector.LookAtCounters(now);
                soonest = now + CounterMilliseconds;
                countersAt = _trace is null ? soonest : now + RareMilliseconds;
            }

            Tell(_collector.TakeDue(now));
            if (HasSomethingCome(Math.Min(countersAt, _collector.DueAt)))
            {
                Take(buffer);
                countersAt = Math.Min(countersAt, soonest);
            }
        }

        if (_isStopping)
        {
            Tell(_collector.TakeAll(Environment.TickCount64));
        }
    }

    private void Tell(IReadOnlyList<DeviceError> errors)
    {
        foreach (DeviceError error in errors)
        {
            _found?.Invoke(error);
        }
    }

    // Waits until then at most. A descriptor below 0 is none: poll leaves it alone.
    private bool HasSomethingCome(long until)
    {
        LinuxCalls.PolledDescriptor* descriptors = stackalloc LinuxCalls.PolledDescriptor[3];
        descriptors[0] = new() { Descriptor = _wake, Wanted = LinuxCalls.Readable };
        descriptors[1] = new() { Descriptor = _events?.Descriptor ?? -1, Wanted = LinuxCalls.Readable };
        descriptors[2] = new() { Descriptor = _trace?.Descriptor ?? -1, Wanted = LinuxCalls.Readable };
        long left = Math.Clamp(until - Environment.TickCount64, 0, RareMilliseconds);
        int ready = LinuxCalls.Poll(descriptors, 3, (int)left);
        if (ready < 0 && (Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
        {
            Thread.Sleep(CounterMilliseconds);
        }

        // What cannot be waited for is looked at all the same.
        return ready != 0;
    }

    private void Take(byte[] buffer)
    {
        long now = Environment.TickCount64;
        if (_trace is not null)
        {
            foreach (string line in _trace.ReadLines(buffer))
            {
                if (ErrorTraceLine.TryParse(line, out ErrorObservation? seen))
                {
                    _collector.Observe(seen, now);
                }
            }
        }

        while (_events is not null && _events.TryReceive(buffer, out int length))
        {
            if (ErrorUevent.TryParse(buffer.AsSpan(0, length), out ErrorObservation? seen))
            {
                _collector.Observe(seen, now);
            }
        }
    }
}
