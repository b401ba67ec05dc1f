using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Serving;

/// <summary>Binds guests to shards: each new one to the shard that has the fewest. Any thread but a shard's own.</summary>
internal sealed class GuestLanes
{
    private readonly Lock _lock = new();
    private readonly IPipelineEngine<GuestOperation> _engine;
    private readonly IEventChannels[] _channels;
    private readonly IInterruptOperations? _interrupts;
    private readonly DeniedWriteLog _deniedWrites;
    private readonly ShardTrace[] _traces;
    private readonly int[] _guests;

    /// <summary>Takes over an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="channels">Its shards' descriptors, by shard.</param>
    /// <param name="interrupts">Who enables interrupts; null when nobody does.</param>
    /// <param name="deniedWrites">Who says what guests were denied.</param>
    /// <param name="traces">Its shards' traces, by shard.</param>
    public GuestLanes(
        IPipelineEngine<GuestOperation> engine, IEventChannels[] channels, IInterruptOperations? interrupts, DeniedWriteLog deniedWrites, ShardTrace[] traces)
    {
        _traces = traces;
        _engine = engine;
        _channels = channels;
        _interrupts = interrupts;
        _deniedWrites = deniedWrites;
        _guests = new int[engine.ShardCount];
    }

    /// <summary>Binds the guest's channel on a shard and serves its page from then on.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="remotePort">The port it offers.</param>
    /// <param name="page">Its page; stays mapped until the lane is disposed.</param>
    /// <param name="functions">What it has.</param>
    /// <returns>The lane.</returns>
    /// <exception cref="HypervisorException">The port cannot be bound. Nothing is left bound.</exception>
    /// <exception cref="InvalidOperationException">The shard is full, or the engine has stopped. Nothing is left bound.</exception>
    public GuestLane Attach(int domainId, int remotePort, SharedPage page, FunctionTable functions)
    {
        int shard = TakePlace();
        IEventChannels channels = _channels[shard];
        int port = -1;
        GuestConnection? connection = null;
        try
        {
            // The descriptor belongs to the shard's thread.
            _engine.Invoke(shard, () => port = channels.BindInterdomain(domainId, remotePort));
            connection = new(domainId, page, new EventChannelNotifier(channels, port), functions, _interrupts, _deniedWrites, _traces[shard]);
            _deniedWrites.Add(connection);
            _engine.Attach(shard, port, new GuestOperation(connection));
            return new(this, connection, shard, port);
        }
        catch
        {
            if (connection is not null)
            {
                _deniedWrites.Remove(connection);
            }

            if (port >= 0)
            {
                Unbind(shard, port);
            }

            GiveBackPlace(shard);
            throw;
        }
    }

    /// <summary>Runs between two requests of a shard: when it returns, no request that began earlier is still under way there.</summary>
    public void Barrier(int shard) => _engine.Invoke(shard, static () => { });

    /// <summary>Runs something between two requests of a shard, on its thread. Must not block.</summary>
    public void Run(int shard, Action action) => _engine.Invoke(shard, action);

    /// <summary>Ends a lane: afterwards nobody touches the guest's page.</summary>
    public void Detach(int shard, int port, GuestConnection connection)
    {
        _engine.Detach(shard, port);
        _deniedWrites.Remove(connection);

        // Whoever is about to ask finds it closed: behind this the page is unmapped.
        _engine.Invoke(shard, connection.Recovery.Close);
        Unbind(shard, port);
        GiveBackPlace(shard);
    }

    private void Unbind(int shard, int port) => _engine.Invoke(shard, () => _channels[shard].Unbind(port));

    private int TakePlace()
    {
        lock (_lock)
        {
            int least = 0;
            for (int i = 1; i < _guests.Length; i++)
            {
                if (_guests[i] < _guests[least])
                {
                    least = i;
                }
            }

            _guests[least]++;
            return least;
        }
    }

    private void GiveBackPlace(int shard)
    {
        lock (_lock)
        {
            _guests[shard]--;
        }
    }
}
