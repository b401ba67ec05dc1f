using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// The store for a daemon that is to follow another one: what it reads before it has to serve is remembered for as long as nobody changes it, so that guests
/// need not wait for a round trip through xenstored for each key. Watches tell what changes; <see cref="Settle"/> makes sure that all of them have told, after
/// which no more is remembered; <see cref="Forget"/> ends it. As safe for threads as the store itself, which it does not own.
/// </summary>
/// <param name="inner">The store.</param>
internal sealed class RememberedStore(IXenStore inner) : ForwardingAccess, IXenStore
{
    // Only a store that does not answer at all lets one wait for so long; then it is asked when it matters.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Watched> _watched = [];
    private readonly List<IDisposable> _watches = [];
    private volatile bool _isLearning = true;

    /// <summary>Remembers what is read of a node and below it, from now on.</summary>
    /// <param name="path">The node; nothing below one that is remembered already.</param>
    /// <exception cref="HypervisorException">xenstore refused the watch.</exception>
    public void Remember(string path)
    {
        lock (_lock)
        {
            if (_watched.ContainsKey(path))
            {
                return;
            }
        }

        // A watch fires once by itself, and tells from then on.
        Watched watched = new();
        if (Await(path, watched.Change))
        {
            lock (_lock)
            {
                _watched.TryAdd(path, watched);
            }
        }
    }

    /// <summary>What was changed so far is not remembered any more when this returns, and nothing that is read later is remembered.</summary>
    /// <exception cref="HypervisorException">xenstore refused the watch.</exception>
    public void Settle()
    {
        _isLearning = false;

        // Watches are told in the order of what happened: all that came before this one's first call has been told.
        if (!Await(StoreKeys.Guests, static _ => { }))
        {
            lock (_lock)
            {
                _watched.Clear();
            }
        }
    }

    /// <summary>Remembers nothing, and watches nothing.</summary>
    public void Forget()
    {
        IDisposable[] watches;
        lock (_lock)
        {
            _isLearning = false;
            _watched.Clear();
            watches = [.. _watches];
            _watches.Clear();
        }

        Array.ForEach(watches, static watch => watch.Dispose());
    }

    public override string? Read(string path) => Find(path) is { } watched ? watched.Read(path, inner, _isLearning) : inner.Read(path);

    public override IReadOnlyList<string>? Directory(string path) =>
        Find(path) is { } watched ? watched.Directory(path, inner, _isLearning) : inner.Directory(path);

    public IDisposable Watch(string path, Action<string> changed) => inner.Watch(path, changed);

    public IXenStoreTransaction BeginTransaction() => new Transaction(this, inner.BeginTransaction());

    public void Dispose() => Forget();

    protected override IXenStoreAccess Next() => inner;

    // Before its own watch tells: who writes finds what it wrote.
    protected override void NoteChange(string path) => Find(path)?.Change(path);

    // Whether it has fired in time.
    private bool Await(string path, Action<string> changed)
    {
        TaskCompletionSource isSet = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IDisposable watch = inner.Watch(path, node =>
        {
            changed(node);
            isSet.TrySetResult();
        });
        lock (_lock)
        {
            _watches.Add(watch);
        }

        return isSet.Task.Wait(Patience);
    }

    // Of a node's ancestors the watched one; there are a handful of levels, and as many watches as guests.
    private Watched? Find(string path)
    {
        lock (_lock)
        {
            if (_watched.Count == 0)
            {
                return null;
            }

            for (string node = path; node.Length > 1; node = node[..Math.Max(0, node.LastIndexOf('/'))])
            {
                if (_watched.TryGetValue(node, out Watched? watched))
                {
                    return watched;
                }
            }

            return null;
        }
    }

    private sealed class Transaction(RememberedStore owner, IXenStoreTransaction access) : ForwardingAccess, IXenStoreTransaction
    {
        private readonly List<string> _changed = [];

        public bool Commit()
        {
            bool isDone = access.Commit();
            _changed.ForEach(owner.NoteChange);
            return isDone;
        }

        public void Dispose() => access.Dispose();

        protected override IXenStoreAccess Next() => access;

        protected override void NoteChange(string path) => _changed.Add(path);
    }

    /// <summary>What is known of a node and those below it.</summary>
    private sealed class Watched
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, string?> _values = [];
        private readonly Dictionary<string, IReadOnlyList<string>?> _names = [];
        private long _changes;

        public string? Read(string path, IXenStore inner, bool isLearning) => Get(_values, path, inner.Read, isLearning);

        public IReadOnlyList<string>? Directory(string path, IXenStore inner, bool isLearning) => Get(_names, path, inner.Directory, isLearning);

        public void Change(string path)
        {
            lock (_lock)
            {
                _changes++;
                Drop(_values, path);
                Drop(_names, path);
            }
        }

        private static void Drop<T>(Dictionary<string, T> known, string changed)
        {
            foreach (string path in known.Keys.Where(path => IsAbove(path, changed) || IsAbove(changed, path)).ToArray())
            {
                known.Remove(path);
            }
        }

        private static bool IsAbove(string ancestor, string path) =>
            path.StartsWith(ancestor, StringComparison.Ordinal) && (path.Length == ancestor.Length || path[ancestor.Length] == '/');

        private T Get<T>(Dictionary<string, T> known, string path, Func<string, T> ask, bool isLearning)
        {
            long changes;
            lock (_lock)
            {
                if (known.TryGetValue(path, out T? value))
                {
                    return value;
                }

                changes = _changes;
            }

            T answer = ask(path);
            if (isLearning)
            {
                lock (_lock)
                {
                    // Whether it was read before or after a change nobody knows.
                    if (changes == _changes)
                    {
                        known[path] = answer;
                    }
                }
            }

            return answer;
        }
    }
}
