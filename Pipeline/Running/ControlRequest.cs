using System.Runtime.ExceptionServices;

namespace PciBackFlow.Pipeline.Running;

/// <summary>An action that waits for a shard's thread to run it.</summary>
internal sealed class ControlRequest(Action action)
{
    private readonly object _gate = new();
    private bool _done;
    private ExceptionDispatchInfo? _failure;

    internal void Run()
    {
        try
        {
            action();
        }
        catch (Exception e) // whatever the action throws belongs to its caller, not to the shard
        {
            _failure = ExceptionDispatchInfo.Capture(e);
        }

        MarkDone();
    }

    internal void Refuse()
    {
        _failure = ExceptionDispatchInfo.Capture(new ObjectDisposedException("engine"));
        MarkDone();
    }

    internal void Wait()
    {
        lock (_gate)
        {
            while (!_done)
            {
                Monitor.Wait(_gate);
            }
        }

        _failure?.Throw();
    }

    private void MarkDone()
    {
        lock (_gate)
        {
            _done = true;
            Monitor.PulseAll(_gate);
        }
    }
}
