namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>One registered watch of a connection. <see cref="Dispose"/> from any thread.</summary>
internal sealed class XenStoreWatch : IStoreWatch, IDisposable
{
    private readonly XenStoreConnection _connection;
    private readonly Action<string> _changed;
    private int _disposed;

    internal XenStoreWatch(XenStoreConnection connection, string path, string token, Action<string> changed)
    {
        _connection = connection;
        Path = path;
        Token = token;
        _changed = changed;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>Tells it from the connection's other watches.</summary>
    internal string Token { get; }

    /// <inheritdoc/>
    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    public void Dispose()
    {
        if (End())
        {
            _connection.Remove(this);
        }
    }

    /// <summary>From now on nothing is called back.</summary>
    /// <returns>False when it had ended before.</returns>
    internal bool End() => Interlocked.Exchange(ref _disposed, 1) == 0;

    /// <inheritdoc/>
    public void Deliver(string path) => _changed(path);
}
