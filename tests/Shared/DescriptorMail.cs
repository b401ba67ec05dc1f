using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PciBackFlow.Tests.Shared;

/// <summary>A service manager's end of <c>NOTIFY_SOCKET</c>: what is said there, and the descriptors that came with it.</summary>
internal sealed unsafe partial class DescriptorMail : IDisposable
{
    private const int DoNotWait = 0x40; // MSG_DONTWAIT
    private const int CloseOnExec = 0x40000000; // MSG_CMSG_CLOEXEC
    private const int ControlSpace = 64;
    private const int HeaderLength = 16;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public DescriptorMail(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
    }

    public string Path { get; }

    /// <summary>Takes the next message, if there is one.</summary>
    public (string Text, SafeFileHandle? Descriptor)? Take()
    {
        byte[] text = new byte[4096];
        byte* control = stackalloc byte[ControlSpace];
        fixed (byte* first = text)
        {
            Part part = new() { Address = first, Length = (nuint)text.Length };
            Header header = new() { Parts = &part, PartCount = 1, Control = control, ControlLength = ControlSpace };
            nint length = Receive((int)_socket.Handle, &header, DoNotWait | CloseOnExec);
            if (length < 0)
            {
                return null;
            }

            SafeFileHandle? descriptor = header.ControlLength > HeaderLength ? new(*(int*)(control + HeaderLength), ownsHandle: true) : null;
            return (Encoding.UTF8.GetString(text, 0, (int)length), descriptor);
        }
    }

    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint Receive(int descriptor, Header* header, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct Part
    {
        public byte* Address;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public byte* Name;
        public uint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
