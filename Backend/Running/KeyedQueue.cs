using System.Threading.Channels;

namespace PciBackFlow.Backend.Running;

/// <summary>
/// One bounded queue for each key that has something to do: items of one key are served in order and never two at a time, those of different keys side by
/// side. A key is no cost once its queue is empty. Thread-safe.
/// </summary>
/// <param name="capacity">Most items of one key.</param>
/// <param name="keepsPlace">
/// Whether an item keeps its place until it has been served, so that the capacity holds for all that are not done; otherwise it makes room for the next one
/// as soon as it is about to be served.
/// </param>
/// <param name="serve">Serves one item. Must not throw: nobody would serve the key any more.</param>
/// <param name="scheduler">Where it is served, up to each <c>await</c>; it says how many keys have their turn at a time.</param>
internal sealed class KeyedQueue<TKey, TItem>(int capacity, bool keepsPlace, Func<TKey, TItem, Task> serve, TaskScheduler scheduler)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, OneKey> _keys = [];
    private bool _isComplete;

    /// <summary>Puts an item behind those of its key. Any thread; never blocks.</summary>
    /// <returns>False when so many are waiting already, or none is taken any more.</returns>
    public bool TryPost(TKey key, TItem item)
    {
        lock (_lock)
        {
            if (_isComplete)
            {
                return false;
            }

            if (!_keys.TryGetValue(key, out OneKey? queue))
            {
                var items = Channel.CreateBounded<TItem>(new BoundedChannelOptions(capacity) { SingleReader = true });
                _keys.Add(key, queue = new(items));
                queue.Served = Task.Factory.StartNew(() => ServeAsync(key, items), CancellationToken.None, TaskCreationOptions.None, scheduler).Unwrap();
            }

            return queue.Items.Writer.TryWrite(item);
        }
    }

    /// <summary>How many items of a key have a place.</summary>
    public int Count(TKey key)
    {
        lock (_lock)
        {
            return _keys.TryGetValue(key, out OneKey? queue) ? queue.Items.Reader.Count : 0;
        }
    }

    /// <summary>Takes no item any more.</summary>
    /// <returns>Ends when all that were taken have been served.</returns>
    public Task CompleteAsync()
    {
        lock (_lock)
        {
            _isComplete = true;
            return Task.WhenAll([.. _keys.Values.Select(static queue => queue.Served)]);
        }
    }

    // Goes on on the scheduler after each wait, so that it keeps saying who has a turn.
    private async Task ServeAsync(TKey key, Channel<TItem> items)
    {
        while (await items.Reader.WaitToReadAsync().ConfigureAwait(true))
        {
            // This is the only reader: what it was told of is there.
            _ = keepsPlace ? items.Reader.TryPeek(out TItem? item) : items.Reader.TryRead(out item);
            await serve(key, item!).ConfigureAwait(true);
            lock (_lock)
            {
                if (keepsPlace)
                {
                    items.Reader.TryRead(out _);
                }

                // Under the lock nobody is about to post: the next item of this key finds no queue and begins another, which this one's
                // last item cannot overlap any more.
                if (items.Reader.Count == 0)
                {
                    _keys.Remove(key);
                    items.Writer.Complete();
                    continue;
                }
            }

            // Each item is a turn of its own: a busy key must not keep the others from having theirs.
            await Task.Yield();
        }
    }

    private sealed class OneKey(Channel<TItem> items)
    {
        public Channel<TItem> Items { get; } = items;

        /// <summary>Ends with its last item.</summary>
        public Task Served { get; set; } = Task.CompletedTask;
    }
}
