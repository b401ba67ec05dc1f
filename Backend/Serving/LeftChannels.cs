using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Stages.Connections;

namespace PciBackFlow.Backend.Serving;

/// <summary>
/// The ports that an earlier daemon left bound on the descriptors that this one has from it. A guest's is adopted if it is the guest's still; all others are
/// unbound,
/// since a port can be bound once only. Any thread but a shard's own.
/// </summary>
internal sealed class LeftChannels
{
    private static readonly HashSet<int> None = [];

    private readonly Lock _lock = new();
    private readonly Lock _unbinding = new();
    private readonly IPipelineEngine<GuestOperation> _engine;
    private readonly IEventChannels[] _channels;
    private readonly IReadOnlyCollection<int> _shards;

    // Those of guests that have not been looked at yet.
    private readonly HashSet<LeftChannel> _awaited;
    private bool _isOver;
    private bool _hasUnboundEarly;

    /// <param name="engine">The engine.</param>
    /// <param name="channels">Its shards' descriptors, by shard.</param>
    /// <param name="shards">Which of them are an earlier daemon's.</param>
    /// <param name="known">What it had bound for the guests that live.</param>
    public LeftChannels(
        IPipelineEngine<GuestOperation> engine, IEventChannels[] channels, IReadOnlyCollection<int> shards, IEnumerable<LeftChannel> known)
    {
        _engine = engine;
        _channels = channels;
        _shards = shards;
        _awaited = [.. known];
        _isOver = shards.Count == 0;
    }

    /// <summary>Adopts a guest's port: it was bound all the time. It may be pending or masked; the page is to be looked at.</summary>
    /// <param name="left">Where it was bound.</param>
    /// <param name="domainId">The guest.</param>
    /// <param name="remotePort">The port that it offers now.</param>
    /// <returns>False when it is not bound there to that port; it is to be bound, then.</returns>
    public bool TryAdopt(LeftChannel left, int domainId, int remotePort)
    {
        lock (_lock)
        {
            if (_isOver || !_shards.Contains(left.Shard))
            {
                return false;
            }
        }

        bool adopted = false;
        try
        {
            // The descriptor belongs to the shard's thread.
            _engine.Invoke(left.Shard, () => adopted = _channels[left.Shard].Adopt(left.Port, domainId, remotePort));
        }
        finally
        {
            // After it: from here on it is unbound unless it was adopted.
            lock (_lock)
            {
                _awaited.Remove(left);
            }
        }

        return adopted;
    }

    /// <summary>A guest's port cannot be bound: perhaps because it is bound still. Unbinds, once, what no guest is known to have.</summary>
    /// <returns>Whether it is worth another try.</returns>
    public bool TryUnbindUnknown()
    {
        lock (_unbinding)
        {
            HashSet<int> awaited;
            lock (_lock)
            {
                if (_isOver || _hasUnboundEarly)
                {
                    return false;
                }

                _hasUnboundEarly = true;
                awaited = [.. _awaited.Select(static one => one.Port)];
            }

            Unbind(awaited);
            return true;
        }
    }

    /// <summary>Every guest that was there has been looked at: what is not adopted by now is nobody's.</summary>
    /// <exception cref="ObjectDisposedException">The engine has stopped.</exception>
    public void UnbindRest()
    {
        lock (_unbinding)
        {
            lock (_lock)
            {
                if (_isOver)
                {
                    return;
                }

                _isOver = true;
            }

            Unbind(None);
        }
    }

    private void Unbind(HashSet<int> kept)
    {
        foreach (int shard in _shards)
        {
            int next = 0;
            do
            {
                _engine.Invoke(shard, () => next = _channels[shard].UnbindOthers(next, kept));
            }
            while (next != 0);
        }
    }
}
