namespace PciBackFlow.Pipeline;

/// <summary>An event that lets one waiter through, under a schedule. Two signals without a waiter between them are one.</summary>
public sealed class AutoResetEvent(bool initialState) : IDisposable
{
    private bool _set = initialState;
    private bool _disposed;

    public bool Set()
    {
        Kernel.Enter("sets", "an event");
        ObjectDisposedException.ThrowIf(_disposed, this);
        _set = true;
        Kernel.Leave();
        return true;
    }

    public bool WaitOne() => WaitOne(-1);

    public bool WaitOne(int milliseconds)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        bool met = Kernel.Block("an event", () => _set, milliseconds);
        if (met)
        {
            _set = false;
        }

        return met;
    }

    public void Dispose()
    {
        Kernel.Enter("disposes", "an event");
        _disposed = true;
    }
}
