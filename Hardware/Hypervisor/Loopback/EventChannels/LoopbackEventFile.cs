using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;

/// <summary>
/// What an open <c>/dev/xen/evtchn</c> is to the kernel: its ports live for as long as anybody has it open, whichever process. The descriptor that others
/// are given is the
/// reading end of a pipe, which the kernel counts; the writing end tells whether anybody has one. <see cref="Signal"/>: any thread; the rest under the
/// connection lock.
/// </summary>
internal sealed unsafe class LoopbackEventFile : IDisposable
{
    private const short Failed = 0x8; // POLLERR: a pipe without a reader

    // Who waits for it among others, and what it is called there.
    private readonly LoopbackEventSet? _set;
    private readonly int _member;
    private LoopbackEventChannels? _reader;
    private PortGroup[] _groups = [];
    private SafeFileHandle? _writingEnd;
    private FileStatus? _pipe;

    internal LoopbackEventFile(LoopbackDomain domain, LoopbackEventSet? set, int member)
    {
        Domain = domain;
        _set = set;
        _member = member;
    }

    internal LoopbackDomain Domain { get; }

    /// <summary>Its ports. Any thread.</summary>
    internal PortGroup[] Groups => Volatile.Read(ref _groups);

    /// <summary>The process that reads it; null for none.</summary>
    internal LoopbackEventChannels? Reader
    {
        get => Volatile.Read(ref _reader);

        // Full fence: who signals later sees it, and what was signalled before it will see.
        set => Interlocked.Exchange(ref _reader, value);
    }

    /// <summary>Makes the descriptor that others can be given. Once.</summary>
    /// <exception cref="HypervisorException">EMFILE, ENFILE.</exception>
    internal SafeFileHandle MakeDescriptor()
    {
        int* ends = stackalloc int[2];
        if (LinuxCalls.Pipe(ends, LinuxCalls.CloseOnExec) != 0)
        {
            throw new HypervisorException((Errno)Marshal.GetLastPInvokeError(), "can't create a pipe; is the open-file limit reached?");
        }

        SafeFileHandle readingEnd = new(ends[0], ownsHandle: true);
        _writingEnd = new(ends[1], ownsHandle: true);
        _pipe = FileStatus.Of(readingEnd);
        return readingEnd;
    }

    /// <summary>Whether a descriptor is this file's.</summary>
    internal bool Is(FileStatus status) => _pipe == status;

    /// <summary>Closes it when nobody has it open any more.</summary>
    internal void CloseUnlessHeld()
    {
        if (Reader is null && !IsHeld())
        {
            Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PortGroup group in _groups)
        {
            foreach (LoopbackPort? port in group.Ports)
            {
                if (port is not null)
                {
                    Release(port);
                }
            }
        }

        _writingEnd?.Dispose();
        Domain.Forget(this);
    }

    internal LoopbackPort NewPort(LoopbackEventChannels holder)
    {
        int number = Domain.NextPortNumber();
        int index = Array.FindIndex(_groups, g => g.Count < PortGroup.Size);
        if (index < 0)
        {
            index = _groups.Length;
            Volatile.Write(ref _groups, [.. _groups, new PortGroup()]);
        }

        PortGroup group = _groups[index];
        int slot = Array.IndexOf(group.Ports, null);
        var port = new LoopbackPort(this, number, group, slot) { Holder = holder };
        group.Ports[slot] = port;
        group.Count++;
        Domain.AddPort(port);
        return port;
    }

    internal void Release(LoopbackPort port)
    {
        port.Close();
        port.Group.Ports[port.Slot] = null;
        port.Group.Count--;
        Domain.RemovePort(port);
    }

    /// <summary>Marks one of its ports pending. Any thread.</summary>
    internal void Signal(LoopbackPort port)
    {
        // Full fence: what the signalling side wrote before is visible to whoever takes the pending bit.
        // Whoever turns a port pending while unmasked, and nobody else, sets its ready bit.
        if (Interlocked.Or(ref port.State, LoopbackPort.Pending) == 0)
        {
            // Full fence; pairs with the one in EventWait.Arm.
            Interlocked.Or(ref port.Group.Ready, 1L << port.Slot);
            Announce(wake: true);
            Reader?.EndSleep();
        }
    }

    /// <summary>Tells the set that there is something to read. Any thread.</summary>
    internal void Announce(bool wake) => _set?.Signal(_member, wake);

    private bool IsHeld()
    {
        if (_writingEnd is null)
        {
            return false;
        }

        LinuxCalls.PolledDescriptor polled = new() { Descriptor = (int)_writingEnd.DangerousGetHandle() };
        return LinuxCalls.Poll(&polled, 1, 0) <= 0 || (polled.Seen & Failed) == 0;
    }
}
