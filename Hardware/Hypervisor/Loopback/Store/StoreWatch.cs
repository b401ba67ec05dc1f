namespace PciBackFlow.Hardware.Hypervisor.Loopback.Store;

/// <summary>One registered watch. <see cref="Dispose"/> from any thread.</summary>
internal sealed class StoreWatch : IStoreWatch, IDisposable
{
    private readonly Action<string> _changed;
    private readonly string _relativeTo;
    private int _disposed;

    /// <summary>Creates the watch; the tree registers it.</summary>
    /// <param name="connection">Whose it is.</param>
    /// <param name="path">The absolute path, or a special name.</param>
    /// <param name="relativeTo">Cut off the front of reported paths: a relative watch reports relative paths. May be empty.</param>
    /// <param name="changed">The callback.</param>
    internal StoreWatch(LoopbackXenStore connection, string path, string relativeTo, Action<string> changed)
    {
        Connection = connection;
        Path = path;
        _relativeTo = relativeTo;
        _changed = changed;
    }

    internal LoopbackXenStore Connection { get; }

    /// <summary>The absolute path, or a special name.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Connection.Remove(this);
        }
    }

    /// <summary>Calls back. On the connection's own thread.</summary>
    public void Deliver(string path) => _changed(path[_relativeTo.Length..]);
}
