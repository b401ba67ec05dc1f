using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Linux;

/// <summary>
/// The service manager's socket (<c>NOTIFY_SOCKET</c>, sd_notify(3)) for words that go with a descriptor, which the framework's notifier cannot send: one
/// datagram
/// each, the descriptor beside it (<c>SCM_RIGHTS</c>, unix(7)). Thread-safe.
/// </summary>
/// <param name="path">Where it is: a path, or <c>@</c> and the name of an abstract socket.</param>
public sealed class NotifySocket(string path)
{
    // A manager that does not read must not keep guests waiting.
    private const int PatienceMilliseconds = 1_000;

    // linux/socket.h, asm-generic/socket.h
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int Rights = 1; // SCM_RIGHTS
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL

    // struct cmsghdr with one descriptor behind it, on 64 bits; the last 4 bytes align it.
    private const int ControlLength = 16 + sizeof(int);
    private const int ControlSpace = 24;

    /// <summary>Says something.</summary>
    /// <param name="state">Assignments, each on its own line.</param>
    /// <param name="descriptor">What goes with it; null for nothing. The manager gets a descriptor of its own for the same open file.</param>
    /// <exception cref="IOException">Nobody is there, or it was not taken within a second.</exception>
    public void Tell(string state, SafeHandle? descriptor = null)
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = PatienceMilliseconds };
            socket.Connect(new UnixDomainSocketEndPoint(path.StartsWith('@') ? string.Concat("\0", path.AsSpan(1)) : path));
            Send(socket, System.Text.Encoding.UTF8.GetBytes(state), descriptor);
        }
        catch (Exception e) when (e is SocketException or ArgumentException or ObjectDisposedException)
        {
            throw new IOException(e.Message, e);
        }
    }

    private static unsafe void Send(Socket socket, byte[] text, SafeHandle? descriptor)
    {
        bool added = false;
        try
        {
            byte* control = stackalloc byte[ControlSpace];
            new Span<byte>(control, ControlSpace).Clear();
            LinuxCalls.MessageHeader message = default;
            if (descriptor is not null)
            {
                descriptor.DangerousAddRef(ref added);
                *(nuint*)control = ControlLength;
                *(int*)(control + 8) = SocketLevel;
                *(int*)(control + 12) = Rights;
                *(int*)(control + 16) = (int)descriptor.DangerousGetHandle();
                message.Control = control;
                message.ControlLength = ControlSpace;
            }

            fixed (byte* first = text)
            {
                LinuxCalls.MessagePart part = new() { Address = first, Length = (nuint)text.Length };
                message.Parts = &part;
                message.PartCount = 1;
                nint sent;
                do
                {
                    sent = LinuxCalls.SendMessage((int)socket.Handle, &message, NoSignal);
                }
                while (sent < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR);

                if (sent < 0)
                {
                    throw LinuxCalls.Failure("sendmsg");
                }
            }
        }
        finally
        {
            if (added)
            {
                descriptor!.DangerousRelease();
            }
        }
    }
}
