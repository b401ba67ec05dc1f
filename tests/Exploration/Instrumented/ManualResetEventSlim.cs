namespace PciBackFlow.Pipeline;

/// <summary>An event that lets everybody through until it is reset, under a schedule.</summary>
public sealed class ManualResetEventSlim(bool initialState) : IDisposable
{
    private bool _set = initialState;
    private bool _disposed;

    public bool IsSet => _set;

    public void Set()
    {
        Kernel.Enter("opens", "a gate");
        ObjectDisposedException.ThrowIf(_disposed, this);
        _set = true;
        Kernel.Leave();
    }

    public void Reset()
    {
        Kernel.Enter("closes", "a gate");
        _set = false;
        Kernel.Leave();
    }

    public void Wait() => Wait(-1);

    public bool Wait(int milliseconds)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Kernel.Block("a gate", () => _set, milliseconds);
    }

    public void Dispose()
    {
        Kernel.Enter("disposes", "a gate");
        _disposed = true;
    }
}
