using PciBackFlow.Backend.Running;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Errors;

/// <summary>What became of one device's errors. Thread-safe.</summary>
/// <param name="device">The host's function.</param>
/// <param name="logWindow">How long its next line in the log waits.</param>
/// <param name="clock">Whose time.</param>
internal sealed class ErrorCounts(PciAddress device, TimeSpan logWindow, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly FixedWindow[] _lines = [.. Enum.GetValues<ErrorLine>().Select(_ => new FixedWindow(1, logWindow, clock))];
    private readonly long[] _bySeverity = new long[3];
    private long _coalesced;
    private long _recovered;
    private long _failed;
    private long _abandoned;
    private long _badVerdicts;
    private long _lateVerdicts;
    private string? _last;

    /// <summary>An error.</summary>
    public void Add(DeviceError error)
    {
        lock (_lock)
        {
            _bySeverity[(int)error.Severity] += error.Count;
            if (error.Severity != ErrorSeverity.Correctable)
            {
                _last = new ErrorText(error).ToString();
            }
        }
    }

    /// <summary>An error that has no recovery of its own.</summary>
    public void AddCoalesced() => Interlocked.Increment(ref _coalesced);

    /// <summary>A recovery's end.</summary>
    public void Add(RecoveryPhase end)
    {
        ref long count = ref end == RecoveryPhase.Recovered ? ref _recovered : ref end == RecoveryPhase.Failed ? ref _failed : ref _abandoned;
        Interlocked.Increment(ref count);
    }

    /// <summary>An answer that is none.</summary>
    public void AddBadVerdict() => Interlocked.Increment(ref _badVerdicts);

    /// <summary>No answer in time.</summary>
    public void AddLateVerdict() => Interlocked.Increment(ref _lateVerdicts);

    /// <summary>Whether a line about it may be written now.</summary>
    /// <param name="line">What it says.</param>
    /// <param name="suppressed">How many were not, in the window before.</param>
    public bool MayLog(ErrorLine line, out long suppressed)
    {
        lock (_lock)
        {
            return _lines[(int)line].TryTake(out suppressed);
        }
    }

    /// <summary>All of it, now.</summary>
    public DeviceErrorReport Read(bool isQuarantined)
    {
        lock (_lock)
        {
            return new(
                device.ToString(), _bySeverity[0], _bySeverity[1], _bySeverity[2], Interlocked.Read(ref _coalesced), Interlocked.Read(ref _recovered),
                Interlocked.Read(ref _failed), Interlocked.Read(ref _abandoned), Interlocked.Read(ref _badVerdicts), Interlocked.Read(ref _lateVerdicts),
                isQuarantined, _last);
        }
    }
}
