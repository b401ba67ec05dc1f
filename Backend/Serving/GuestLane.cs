using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Serving;

/// <summary>A guest's place on a shard. Disposed by the guest's queue.</summary>
internal sealed class GuestLane : IDisposable
{
    private readonly GuestLanes _lanes;
    private bool _isDisposed;

    public GuestLane(GuestLanes lanes, GuestConnection connection, int shard, int port)
    {
        _lanes = lanes;
        Connection = connection;
        Shard = shard;
        Port = port;
    }

    public GuestConnection Connection { get; }

    public int Shard { get; }

    public int Port { get; }

    /// <summary>Swaps what the guest has; when it returns, the shard no longer works on what was taken out.</summary>
    public void SetFunctions(FunctionTable functions)
    {
        Connection.Functions = functions;
        _lanes.Barrier(Shard);
    }

    /// <summary>Runs something between two of the guest's requests, on the thread that owns them. Must not block.</summary>
    public void Run(Action action) => _lanes.Run(Shard, action);

    /// <summary>
    /// Signals the guest once without an answer: a daemon that was killed between an answer and its signal left the guest waiting. A guest that waits for
    /// nothing takes it for a spurious event.
    /// </summary>
    public void NotifyOnce() => Run(() => Connection.Notifier.Notify());

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _lanes.Detach(Shard, Port, Connection);
    }
}
