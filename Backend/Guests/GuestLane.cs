using PciBackFlow.Stages;

namespace PciBackFlow.Backend.Guests;

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

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _lanes.Detach(Shard, Port, Connection);
    }
}
