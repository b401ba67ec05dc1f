using Microsoft.Win32.SafeHandles;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend;

/// <summary>This part: the shards' event-channel descriptors, which may come from an earlier daemon and go to the next one.</summary>
public sealed partial class BackendHost
{
    private static readonly HashSet<int> NoPorts = [];

    // The shards that have an earlier daemon's.
    private readonly HashSet<int> _inherited = [];

    // Whether they are in the store because of this host: then it takes them out.
    private bool _areKept;

    /// <summary>
    /// Has the descriptors kept for a daemon that may have to follow without a word from this one. Once; <see cref="Start"/> and <see cref="StartManaging"/>
    /// do it: whoever
    /// follows another daemon is not heard by the service manager before.
    /// </summary>
    private void KeepDescriptors()
    {
        lock (_lock)
        {
            if (_areKept || _isDisposed || _options.Descriptors is not { Keeps: true } store)
            {
                return;
            }

            _areKept = true;
            for (int shard = 0; shard < _channels.Length; shard++)
            {
                try
                {
                    store.Keep(shard, _channels[shard].Descriptor);
                }
                catch (HypervisorException e)
                {
                    GuestLog.NotKept(_options.Logger, e.Message);
                }
            }
        }
    }

    // In order: no port is bound any more, and whoever follows has descriptors of its own.
    private void DropDescriptors()
    {
        for (int shard = 0; _areKept && shard < _channels.Length; shard++)
        {
            _options.Descriptors?.Drop(shard);
        }
    }

    private EventChannelReadySource OpenSource(int shard)
    {
        IEventChannels channels = OpenInherited(shard) ?? _options.Hypervisor.OpenEventChannels();
        _channels[shard] = channels;
        return new(channels);
    }

    private IEventChannels? OpenInherited(int shard)
    {
        if (_options.Descriptors?.Take(shard) is not { } left)
        {
            return null;
        }

        try
        {
            IEventChannels channels = _options.Hypervisor.OpenEventChannels(left);
            _inherited.Add(shard);
            return channels;
        }
        catch (HypervisorException e)
        {
            _options.Descriptors.Refuse(shard, e.Message);
            return null;
        }
    }

    // There were more shards, or it is anybody's file. The service manager may take its time to close its own, so the ports are unbound: guests' are to be
    // bound anew.
    private void EmptyOthers()
    {
        foreach (SafeFileHandle other in _options.Descriptors?.TakeRest() ?? [])
        {
            try
            {
                using IEventChannels channels = _options.Hypervisor.OpenEventChannels(other);
                int next = 0;
                do
                {
                    next = channels.UnbindOthers(next, NoPorts);
                }
                while (next != 0);
            }
            catch (HypervisorException)
            {
                // Closed all the same; there are no ports on it.
            }
        }
    }

    // Beside serving: nobody waits for it, and thousands of numbers are gone through.
    private void UnbindLeft(LeftChannels left, Task looked)
    {
        if (_inherited.Count == 0)
        {
            return;
        }

        GuestLog.DescriptorsInherited(_options.Logger, _inherited.Count);
        _ = looked.ContinueWith(
            _ =>
            {
                try
                {
                    left.UnbindRest();
                }
                catch (Exception e) when (e is ObjectDisposedException or HypervisorException)
                {
                    // The daemon ends.
                }
            },
            CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}
