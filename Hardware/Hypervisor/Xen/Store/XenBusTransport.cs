using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>
/// Xenstore through the kernel's own connection, <c>/dev/xen/xenbus</c> (Linux drivers/xen/xenbus/xenbus_dev_frontend.c): works wherever xenstored runs,
/// and relative paths are the domain's own.
/// </summary>
internal sealed unsafe class XenBusTransport : IXenStoreTransport
{
    private const int Interrupted = -4; // EINTR
    private const string Path = "/dev/xen/xenbus";

    private readonly DeviceFile _device;

    // A thread in read is not woken by close: it waits for this too.
    private readonly DeviceFile _closed;
    private int _disposed;

    private XenBusTransport(DeviceFile device, DeviceFile closed)
    {
        _device = device;
        _closed = closed;
    }

    /// <inheritdoc/>
    public string Name => Path;

    /// <inheritdoc/>
    /// <remarks>
    /// A must, seen on Linux 6.1. The file has one message buffer, from which a request is copied to xenstored's ring after write has returned:
    /// the next write changes a request under way. And write holds the file's msgbuffer_mutex while it waits for xenstored to register or unregister a
    /// watch, which the one thread that takes in xenstored's answers needs to deliver an answer to this file: no process, nor the kernel, ever gets an
    /// answer from xenstored again.
    /// </remarks>
    public bool OneAtATime => true;

    /// <inheritdoc/>
    public bool TakesRelativePaths => true;

    /// <summary>Opens the device.</summary>
    /// <exception cref="HypervisorException">ENOENT, ENXIO: no such device, or no xenstored yet; EACCES; EMFILE.</exception>
    internal static XenBusTransport Open()
    {
        var device = DeviceFile.Open(Path, "is this a Xen domain, and does xenstored run?");
        try
        {
            return new XenBusTransport(device, DeviceFile.OpenEvent());
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> message)
    {
        fixed (byte* first = message)
        {
            // The kernel takes a message as a whole; should it take a piece, it keeps it and waits for the rest.
            int sent = 0;
            while (sent < message.Length)
            {
                int written = _device.Write(first + sent, message.Length - sent);
                if (written <= 0)
                {
                    throw new HypervisorException(written == 0 ? Errno.EIO : (Errno)(-written), $"{Path} refused a request");
                }

                sent += written;
            }
        }
    }

    /// <inheritdoc/>
    public int Receive(Span<byte> buffer)
    {
        try
        {
            fixed (byte* first = buffer)
            {
                while (Volatile.Read(ref _disposed) == 0)
                {
                    if (_device.WaitWith(_closed))
                    {
                        return 0;
                    }

                    if (!_device.Wait(0))
                    {
                        // Interrupted: nothing to read.
                        continue;
                    }

                    int count = _device.Read(first, buffer.Length);
                    if (count >= 0)
                    {
                        return count;
                    }

                    if (count != Interrupted)
                    {
                        throw new IOException($"can't read {Path} ({((Errno)(-count)).Name()})");
                    }
                }

                return 0;
            }
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            ulong one = 1;
            _ = _closed.Write(&one, sizeof(ulong));

            // Counted handles: a receiver that is still waiting has them until it has seen the event.
            _device.Dispose();
            _closed.Dispose();
        }
    }
}
