using System.Globalization;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>
/// A connection to xenstored. Many threads may ask at once: over a socket their requests are in flight together and answers are matched by
/// request id, in whatever order they come; over the kernel's device they take turns. One thread of its own
/// receives, another calls watches back, so that a callback may ask too. Of one watch at most 1024 different paths wait to be
/// called back; what comes beyond is reported as one event of the watched path itself. A request waits for its answer without limit. A connection that is
/// lost fails what waits, and all that follows, with EIO.
/// </summary>
public sealed class XenStoreConnection : IXenStore
{
    private const int MostPendingEvents = 1024;
    private const int BufferBytes = 8192;
    private const int StackBytes = 256 * 1024;

    private readonly IXenStoreTransport _transport;
    private readonly Action<string>? _lost;
    private readonly XenStoreOperations _operations;
    private readonly WatchThread<XenStoreWatch> _callbacks = new("xenstore-watch", MostPendingEvents);
    private readonly Thread _reader;
    private readonly Lock _sending = new();
    private readonly Lock _turn = new();

    // Guards everything below.
    private readonly Lock _gate = new();
    private readonly Dictionary<uint, XenStoreRequest> _requests = [];
    private readonly Dictionary<string, XenStoreWatch> _watches = new(StringComparer.Ordinal);
    private uint _lastRequest;
    private uint _lastToken;
    private string? _failure;
    private bool _disposed;

    /// <summary>Takes a transport over.</summary>
    /// <param name="transport">Disposed with the connection.</param>
    /// <param name="lost">Told once, with the reason, when the connection is lost; on the thread that noticed.</param>
    public XenStoreConnection(IXenStoreTransport transport, Action<string>? lost = null)
    {
        ArgumentNullException.ThrowIfNull(transport);
        _transport = transport;
        _lost = lost;
        _operations = new XenStoreOperations(this, 0);
        _reader = new Thread(Receive, StackBytes) { IsBackground = true, Name = "xenstore-reader" };
        _reader.Start();
    }

    /// <summary>
    /// Connects: through <c>/dev/xen/xenbus</c>, else through the socket at <c>XENSTORED_PATH</c>, or at <c>/var/run/xenstored/socket</c> or
    /// <c>/run/xenstored/socket</c>.
    /// </summary>
    /// <param name="lost">Told once, with the reason, when the connection is lost; on the thread that noticed.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="HypervisorException">ENOENT, ECONNREFUSED: no xenstored; EACCES: not allowed; EMFILE.</exception>
    public static XenStoreConnection Open(Action<string>? lost = null)
    {
        HypervisorException first;
        try
        {
            return new XenStoreConnection(XenBusTransport.Open(), lost);
        }
        catch (HypervisorException e)
        {
            first = e;
        }

        foreach (string place in XenStoreSocket.Places)
        {
            try
            {
                return new XenStoreConnection(XenStoreSocket.Open(place), lost);
            }
            catch (HypervisorException e)
            {
                // Not being allowed says more than not being there.
                first = first.Errno is Errno.ENOENT or Errno.ENXIO or Errno.ENODEV && e.Errno is not Errno.ENOENT ? e : first;
            }
        }

        throw first;
    }

    /// <inheritdoc/>
    public string? Read(string path) => _operations.Read(path);

    /// <inheritdoc/>
    /// <exception cref="HypervisorException">As documented there; EAGAIN: more names than fit one message, and they never stopped changing.</exception>
    public IReadOnlyList<string>? Directory(string path) => _operations.Directory(path);

    /// <inheritdoc/>
    public void Write(string path, string value) => _operations.Write(path, value);

    /// <inheritdoc/>
    public void MakeDirectory(string path) => _operations.MakeDirectory(path);

    /// <inheritdoc/>
    public void Remove(string path) => _operations.Remove(path);

    /// <inheritdoc/>
    public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => _operations.GetPermissions(path);

    /// <inheritdoc/>
    public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => _operations.SetPermissions(path, permissions);

    /// <inheritdoc/>
    public IDisposable Watch(string path, Action<string> changed)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(changed);
        if (!StorePath.IsSpecial(path))
        {
            Check(path);
        }

        XenStoreWatch watch;
        lock (_gate)
        {
            ThrowIfUnusable();
            watch = new XenStoreWatch(this, path, (++_lastToken).ToString("x", CultureInfo.InvariantCulture), changed);

            // Before it is asked for: the first event may come before the answer.
            _watches.Add(watch.Token, watch);
        }

        Errno errno;
        try
        {
            errno = Ask(XenStoreMessageType.Watch, 0, XenStoreWire.Strings(path, watch.Token)).Errno;
            if (errno == Errno.None)
            {
                return watch;
            }
        }
        catch
        {
            Forget(watch);
            throw;
        }

        Forget(watch);
        throw new HypervisorException(errno, $"xenstored refused to watch {path}");
    }

    /// <inheritdoc/>
    public IXenStoreTransaction BeginTransaction()
    {
        XenStoreReply reply = Ask(XenStoreMessageType.TransactionStart, 0, XenStoreWire.Strings(""));
        if (reply.Errno != Errno.None)
        {
            throw new HypervisorException(reply.Errno, "xenstored refused to begin a transaction");
        }

        ReadOnlySpan<byte> payload = reply.Payload.Span;
        return uint.TryParse(XenStoreWire.TakeString(ref payload), NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != 0
            ? new XenStoreTransaction(new XenStoreOperations(this, id))
            : throw new HypervisorException(Errno.EIO, "xenstored gave a transaction no number");
    }

    /// <summary>
    /// Closes the connection: no callback begins afterwards, what waits fails with EIO, open transactions are aborted. Waits for no callback.
    /// </summary>
    public void Dispose()
    {
        // First: a callback whose request fails from here on is not at fault.
        _callbacks.End();
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        Fail("the connection was closed");
        _transport.Dispose();
        if (Thread.CurrentThread != _reader)
        {
            _reader.Join();
        }
    }

    /// <summary>Sends a request and waits for its answer.</summary>
    /// <exception cref="HypervisorException">E2BIG: too long; EIO: the connection is lost; what the kernel said when it refused the request.</exception>
    /// <exception cref="ObjectDisposedException">The connection was closed.</exception>
    internal XenStoreReply Ask(XenStoreMessageType type, uint transaction, byte[] payload)
    {
        if (!_transport.OneAtATime)
        {
            return SendAndWait(type, transaction, payload);
        }

        lock (_turn)
        {
            return SendAndWait(type, transaction, payload);
        }
    }

    /// <summary>Refuses paths that xenstored does not understand as they are meant.</summary>
    /// <exception cref="HypervisorException">EINVAL: malformed, or relative where the transport has no domain.</exception>
    internal void Check(string path)
    {
        StorePath.Check(path);
        if (!_transport.TakesRelativePaths && path[0] != '/')
        {
            throw new HypervisorException(Errno.EINVAL, $"{_transport.Name} takes no relative paths such as {path}");
        }
    }

    /// <summary>Ends a watch whose callbacks are off already.</summary>
    internal void Remove(XenStoreWatch watch)
    {
        lock (_gate)
        {
            _watches.Remove(watch.Token);
        }

        try
        {
            // Its answer is of no interest: events that are still under way find no watch of that token.
            Ask(XenStoreMessageType.Unwatch, 0, XenStoreWire.Strings(watch.Path, watch.Token));
        }
        catch (Exception e) when (e is HypervisorException or ObjectDisposedException)
        {
            // It ended with the connection.
        }

        _callbacks.WaitUntilIdle(watch);
    }

    private XenStoreReply SendAndWait(XenStoreMessageType type, uint transaction, byte[] payload)
    {
        var request = new XenStoreRequest(type);
        uint id;
        lock (_gate)
        {
            ThrowIfUnusable();
            do
            {
                id = ++_lastRequest;
            }
            while (id == 0 || _requests.ContainsKey(id));
            _requests.Add(id, request);
        }

        try
        {
            byte[] message = XenStoreWire.Encode(type, id, transaction, payload);
            lock (_sending)
            {
                _transport.Send(message);
            }
        }
        catch (HypervisorException)
        {
            lock (_gate)
            {
                _requests.Remove(id);
            }

            throw;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Fail(e.Message);
        }

        return request.Wait();
    }

    private void Forget(XenStoreWatch watch)
    {
        watch.End();
        lock (_gate)
        {
            _watches.Remove(watch.Token);
        }
    }

    private void Receive()
    {
        string why = $"{_transport.Name} was closed by the other side";
        try
        {
            var decoder = new XenStoreDecoder();
            byte[] buffer = new byte[BufferBytes];
            int count;
            while ((count = _transport.Receive(buffer)) > 0)
            {
                ReadOnlySpan<byte> received = buffer.AsSpan(0, count);
                while (decoder.TryDecode(ref received, out XenStoreMessage message))
                {
                    Handle(message);
                }
            }
        }
        catch (Exception e) when (e is IOException or HypervisorException)
        {
            why = e.Message;
        }

        Fail(why);
    }

    private void Handle(in XenStoreMessage message)
    {
        if (message.Type == XenStoreMessageType.WatchEvent)
        {
            ReadOnlySpan<byte> payload = message.Payload.Span;
            string path = XenStoreWire.TakeString(ref payload);
            string token = XenStoreWire.TakeString(ref payload);
            XenStoreWatch? watch;
            lock (_gate)
            {
                watch = _watches.GetValueOrDefault(token);
            }

            if (watch is not null)
            {
                _callbacks.Enqueue(watch, path);
            }

            return;
        }

        XenStoreRequest? request;
        lock (_gate)
        {
            _requests.Remove(message.RequestId, out request);
        }

        request?.Complete(message);
    }

    /// <summary>The end of the connection, for the first reason.</summary>
    private void Fail(string why)
    {
        XenStoreRequest[] waiting;
        bool say;

        // First: a callback whose request fails from here on is not at fault.
        _callbacks.End();
        lock (_gate)
        {
            say = _failure is null && !_disposed;
            _failure ??= why;
            waiting = [.. _requests.Values];
            _requests.Clear();
        }

        foreach (XenStoreRequest request in waiting)
        {
            request.Fail();
        }

        if (say)
        {
            _lost?.Invoke(why);
        }
    }

    /// <exception cref="HypervisorException">EIO: lost.</exception>
    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure is { } why)
        {
            throw new HypervisorException(Errno.EIO, $"the connection to xenstored is lost: {why}");
        }
    }
}
