using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Fuse;

/// <summary>
/// A mounted file system that this process answers for, over /dev/fuse. One thread receives; any may send. When the process ends, however it ends,
/// the kernel fails every use of the file system at once: nobody waits for ever.
/// </summary>
public sealed unsafe class FuseConnection : IDisposable
{
    /// <summary>Buffer length that holds every request, in bytes: the kernel's minimum is 8192.</summary>
    public const int BufferSize = 16384;

    /// <summary>Most bytes that one write carries.</summary>
    public const int MaxWrite = 4096;

    private readonly string _directory;
    private readonly int _device;
    private readonly int _wake;
    private int _isDisposed;

    private FuseConnection(string directory, int device, int wake)
    {
        _directory = directory;
        _device = device;
        _wake = wake;
    }

    /// <summary>Mounts a file system for this user alone.</summary>
    /// <param name="directory">An existing directory.</param>
    /// <param name="name">What the mount table calls it.</param>
    /// <returns>The connection; the kernel's first request waits in it.</returns>
    /// <exception cref="IOException">No /dev/fuse (module <c>fuse</c>), or no privilege.</exception>
    public static FuseConnection Mount(string directory, string name)
    {
        int device = LinuxCalls.Open("/dev/fuse", LinuxCalls.ReadWrite | LinuxCalls.NonBlocking | LinuxCalls.CloseOnExec);
        if (device < 0)
        {
            throw LinuxCalls.Failure("cannot open /dev/fuse (kernel module fuse)");
        }

        int wake = LinuxCalls.OpenEvent(0, LinuxCalls.NonBlocking | LinuxCalls.CloseOnExec);
        const ulong Flags = LinuxCalls.NoSetUserId | LinuxCalls.NoDevices | LinuxCalls.NoPrograms;
        if (wake >= 0 && LinuxCalls.Mount(name, directory, "fuse", Flags, $"fd={device},rootmode=40000,user_id=0,group_id=0") == 0)
        {
            return new(directory, device, wake);
        }

        IOException failure = LinuxCalls.Failure($"cannot mount a file system at {directory}");
        _ = LinuxCalls.Close(device);
        if (wake >= 0)
        {
            _ = LinuxCalls.Close(wake);
        }

        throw failure;
    }

    /// <summary>Waits for a request. Called by one thread.</summary>
    /// <param name="buffer">At least <see cref="BufferSize"/> bytes.</param>
    /// <returns>Its length; 0 when the file system was unmounted, or <see cref="Stop"/> was called.</returns>
    public int Receive(Span<byte> buffer)
    {
        LinuxCalls.PolledDescriptor* descriptors = stackalloc LinuxCalls.PolledDescriptor[2];
        while (true)
        {
            descriptors[0] = new() { Descriptor = _device, Wanted = LinuxCalls.Readable };
            descriptors[1] = new() { Descriptor = _wake, Wanted = LinuxCalls.Readable };
            if (LinuxCalls.Poll(descriptors, 2, timeoutMilliseconds: -1) < 0 && (Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                return 0;
            }

            if (descriptors[1].Seen != 0)
            {
                return 0;
            }

            fixed (byte* bytes = buffer)
            {
                nint length = LinuxCalls.Read(_device, bytes, (nuint)buffer.Length);
                if (length > 0)
                {
                    return (int)length;
                }
            }

            // ENOENT: whoever asked gave up between the poll and the read.
            if ((Errno)Marshal.GetLastPInvokeError() is not (Errno.EAGAIN or Errno.EINTR or Errno.ENOENT))
            {
                return 0;
            }
        }
    }

    /// <summary>Sends an answer. One that nobody waits for any more is dropped.</summary>
    /// <param name="reply">The whole answer.</param>
    public void Send(ReadOnlySpan<byte> reply)
    {
        fixed (byte* bytes = reply)
        {
            _ = LinuxCalls.Write(_device, bytes, (nuint)reply.Length);
        }
    }

    /// <summary>Ends <see cref="Receive"/>, now and for good.</summary>
    public void Stop()
    {
        ulong one = 1;
        _ = LinuxCalls.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    /// <summary>Unmounts, and fails what is under way. To be called when nobody receives or sends any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }
        // Someone who unmounted ours may have mounted his own: that one stays.
        var state = new LinuxCalls.PolledDescriptor { Descriptor = _device };
        if (LinuxCalls.Poll(&state, 1, timeoutMilliseconds: 0) == 0)
        {
            MountTable.Detach(_directory);
        }

        _ = LinuxCalls.Close(_device);
        _ = LinuxCalls.Close(_wake);
    }
}
