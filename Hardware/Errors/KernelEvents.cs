using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Errors;

/// <summary>The kernel's own events (netlink, NETLINK_KOBJECT_UEVENT). Used by one thread.</summary>
internal sealed unsafe class KernelEvents : IDisposable
{
    private KernelEvents(int descriptor) => Descriptor = descriptor;

    /// <summary>What is waited for.</summary>
    public int Descriptor { get; }

    /// <summary>Listens.</summary>
    /// <returns>Where they arrive.</returns>
    /// <exception cref="IOException">The kernel has none for this process.</exception>
    public static KernelEvents Open()
    {
        int descriptor = LinuxCalls.Socket(
            LinuxCalls.NetlinkFamily, LinuxCalls.Datagrams | LinuxCalls.CloseOnExec | LinuxCalls.NonBlocking, LinuxCalls.KernelObjectEvents);
        if (descriptor < 0)
        {
            throw LinuxCalls.Failure("no socket for the kernel's events");
        }

        LinuxCalls.NetlinkAddress address = new() { Family = LinuxCalls.NetlinkFamily, Groups = LinuxCalls.KernelsOwn };
        if (LinuxCalls.BindSocket(descriptor, &address, (uint)sizeof(LinuxCalls.NetlinkAddress)) != 0)
        {
            IOException failure = LinuxCalls.Failure("cannot listen to the kernel's events");
            _ = LinuxCalls.Close(descriptor);
            throw failure;
        }

        return new(descriptor);
    }

    /// <summary>Takes one message.</summary>
    /// <param name="buffer">Where it goes; a longer one is cut.</param>
    /// <param name="length">Its length; 0 for one that is not the kernel's: any process may send to a group it has the right for.</param>
    /// <returns>False when there is none now.</returns>
    public bool TryReceive(Span<byte> buffer, out int length)
    {
        length = 0;
        LinuxCalls.NetlinkAddress sender = default;
        uint size = (uint)sizeof(LinuxCalls.NetlinkAddress);
        fixed (byte* bytes = buffer)
        {
            nint received = LinuxCalls.ReceiveFrom(Descriptor, bytes, (nuint)buffer.Length, 0, &sender, &size);
            if (received < 0)
            {
                // ENOBUFS: so many came that some are lost; what they said the counters and registers say too.
                return (Errno)Marshal.GetLastPInvokeError() == Errno.ENOBUFS;
            }

            length = sender.Process == 0 ? (int)received : 0;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ = LinuxCalls.Close(Descriptor);
}
