using System.Net.Sockets;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>
/// Xenstore through xenstored's Unix socket: there only where xenstored is a process of this domain.
/// </summary>
internal sealed class XenStoreSocket : IXenStoreTransport
{
    private readonly Socket _socket;

    private XenStoreSocket(Socket socket, string name)
    {
        _socket = socket;
        Name = name;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool OneAtATime => false;

    /// <inheritdoc/>
    /// <remarks>Xenstored takes them from a socket, but puts them below the root and not below a domain (Xen 4.17).</remarks>
    public bool TakesRelativePaths => false;

    /// <summary>Where the socket may be: what <c>XENSTORED_PATH</c> says, or the usual places.</summary>
    internal static IReadOnlyList<string> Places =>
        Environment.GetEnvironmentVariable("XENSTORED_PATH") is { Length: > 0 } path
            ? [path]
            : ["/var/run/xenstored/socket", "/run/xenstored/socket"];

    /// <summary>Connects.</summary>
    /// <param name="path">The socket's path.</param>
    /// <exception cref="HypervisorException">ENOENT, ECONNREFUSED: nobody is there; EACCES; EINVAL: the path is too long for a socket.</exception>
    internal static XenStoreSocket Open(string path)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new XenStoreSocket(socket, path);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket?.Dispose();
            throw e is SocketException failed
                ? new HypervisorException(ErrnoOf(failed), $"can't connect to {path}")
                : new HypervisorException(Errno.EINVAL, $"{path} is no path of a socket");
        }
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> message)
    {
        try
        {
            while (!message.IsEmpty)
            {
                message = message[_socket.Send(message)..];
            }
        }
        catch (SocketException e)
        {
            throw new IOException($"can't write to {Name} ({ErrnoOf(e).Name()})", e);
        }
    }

    /// <inheritdoc/>
    public int Receive(Span<byte> buffer)
    {
        try
        {
            return _socket.Receive(buffer);
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
        catch (SocketException e)
        {
            throw new IOException($"can't read from {Name} ({ErrnoOf(e).Name()})", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            // Ends a receive that is under way.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed by the other side, or twice.
        }

        _socket.Dispose();
    }

    // .NET reports a missing socket file as an address that is not available.
    private static Errno ErrnoOf(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressNotAvailable => Errno.ENOENT,
        _ => (Errno)e.NativeErrorCode,
    };
}
