using PciBackFlow.Backend.Failures;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tracing;

/// <summary>
/// Takes the records of all shards and hands them to those who look. While nobody does, nothing is traced and no thread runs. Any thread.
/// </summary>
/// <param name="shards">The shards' traces.</param>
public sealed class TraceHub(IReadOnlyList<ShardTrace> shards) : IDisposable
{
    /// <summary>Readers at a time.</summary>
    public const int MostReaders = 8;

    // In it a shard answers a few thousand requests at most: less than its ring holds.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    // Of one ring, before it is the next one's turn.
    private const int MostInARow = 4096;

    private readonly Lock _lock = new();
    private readonly List<TraceSubscription> _readers = [];
    private readonly ManualResetEventSlim _idle = new();
    private Thread? _thread;
    private bool _isClosed;
    private long _overflown;
    private long _missedByFormer;

    /// <summary>Whether anybody looks.</summary>
    public bool IsOn
    {
        get
        {
            lock (_lock)
            {
                return _readers.Count > 0;
            }
        }
    }

    /// <summary>What readers did not get since the start: requests that found no room on a shard, and those that readers were too slow for.</summary>
    /// <returns>Both numbers; a request that several slow readers missed counts for each of them.</returns>
    public (long Overflown, long Behind) ReadLosses()
    {
        lock (_lock)
        {
            return (_overflown, _missedByFormer + _readers.Sum(static reader => reader.Missed));
        }
    }

    /// <summary>Looks from now on.</summary>
    /// <param name="filter">At what.</param>
    /// <returns>The reader's share; disposing it ends the looking.</returns>
    /// <exception cref="BackendException">As many look already as may, or the daemon is ending.</exception>
    public TraceSubscription Subscribe(TraceFilter filter)
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                throw new BackendException(BackendFailure.Failed, "the daemon is ending");
            }

            if (_readers.Count >= MostReaders)
            {
                throw new BackendException(BackendFailure.Failed, $"{MostReaders} traces are being read already: end one of them");
            }

            TraceSubscription reader = new(filter, Leave);
            _readers.Add(reader);
            if (_thread is null)
            {
                TraceRing[] rings = [.. shards.Select(static shard => shard.Start())];
                _idle.Reset();
                _thread = new(() => Run(rings)) { IsBackground = true, Name = "trace" };
                _thread.Start();
            }

            return reader;
        }
    }

    /// <summary>Takes readers again, after <see cref="Close"/>.</summary>
    public void Open()
    {
        lock (_lock)
        {
            _isClosed = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    /// <summary>Ends all reading, and takes no reader any more. No request waits for it.</summary>
    public void Close()
    {
        Thread? thread;
        lock (_lock)
        {
            _isClosed = true;
            foreach (TraceSubscription reader in _readers)
            {
                reader.Complete();
            }

            thread = Stop();
        }

        thread?.Join();
    }

    private void Leave(TraceSubscription reader)
    {
        lock (_lock)
        {
            if (!_readers.Remove(reader))
            {
                return;
            }

            _missedByFormer += reader.Missed;
            if (_readers.Count == 0)
            {
                Stop();
            }
        }

        reader.Drain();
    }

    // The thread ends by itself; the next one has rings of its own.
    private Thread? Stop()
    {
        foreach (ShardTrace shard in shards)
        {
            shard.Stop();
        }

        _idle.Set();
        (Thread? thread, _thread) = (_thread, null);
        return thread;
    }

    private void Run(TraceRing[] rings)
    {
        long[] dropped = new long[rings.Length];
        while (true)
        {
            bool any = false;
            lock (_lock)
            {
                if (_thread != Thread.CurrentThread)
                {
                    return;
                }

                for (int i = 0; i < rings.Length; i++)
                {
                    any |= Take(rings[i], ref dropped[i]);
                }

                foreach (TraceSubscription reader in _readers)
                {
                    reader.Flush();
                }
            }

            if (!any)
            {
                _idle.Wait(Pause);
            }
        }
    }

    private bool Take(TraceRing ring, ref long dropped)
    {
        bool any = false;
        for (int i = 0; i < MostInARow && ring.TryTake(out TraceSlot slot); i++)
        {
            any = true;
            foreach (TraceSubscription reader in _readers)
            {
                reader.Add(slot);
            }
        }

        if (ring.Dropped is var now && now != dropped)
        {
            foreach (TraceSubscription reader in _readers)
            {
                reader.AddOverflown(now - dropped);
            }

            _overflown += now - dropped;
            dropped = now;
        }

        return any;
    }
}
