using System.Diagnostics;

namespace PciBackFlow.Pci.Emulated;

/// <summary>The faults of one emulated function. Any thread sets them, at any time; the accessing thread obeys from its next access on.</summary>
public sealed class FunctionFaults
{
    private const int PollMilliseconds = 1;

    private volatile FaultKind _kind;
    private long _delayTicks;
    private int _hanging;

    /// <summary>The present fault.</summary>
    public FaultKind Kind => _kind;

    /// <summary>How much longer each access takes while <see cref="FaultKind.Slow"/>; at least 0.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _delayTicks));
        set => Volatile.Write(ref _delayTicks, value.Ticks);
    }

    /// <summary>Threads now held inside an access.</summary>
    public int Hanging => Volatile.Read(ref _hanging);

    /// <summary>Makes the function misbehave.</summary>
    /// <param name="kind">How; a function that has vanished stays so until <see cref="Release"/>.</param>
    public void Inject(FaultKind kind) => _kind = kind;

    /// <summary>Makes every access take longer.</summary>
    /// <param name="delay">By how much.</param>
    public void InjectDelay(TimeSpan delay)
    {
        Delay = delay;
        _kind = FaultKind.Slow;
    }

    /// <summary>Ends the fault and lets hanging accesses go on.</summary>
    public void Release() => _kind = FaultKind.None;

    /// <summary>Called at the begin of every access; waits as the fault asks.</summary>
    /// <returns>The fault that decides this access's result.</returns>
    internal FaultKind Enter()
    {
        FaultKind kind = _kind;
        return kind is FaultKind.Slow or FaultKind.Hangs ? Wait(kind) : kind;
    }

    private FaultKind Wait(FaultKind kind)
    {
        Interlocked.Increment(ref _hanging);
        if (kind == FaultKind.Slow)
        {
            long start = Stopwatch.GetTimestamp();
            TimeSpan delay = Delay;
            // A sleep is a millisecond at least: shorter delays are spun.
            if (delay.TotalMilliseconds >= 2)
            {
                Thread.Sleep(delay);
            }

            while (Stopwatch.GetElapsedTime(start) < delay)
            {
                Thread.SpinWait(8);
            }
        }
        else
        {
            while (_kind == FaultKind.Hangs)
            {
                Thread.Sleep(PollMilliseconds);
            }

            kind = _kind;
        }

        Interlocked.Decrement(ref _hanging);
        return kind;
    }
}
