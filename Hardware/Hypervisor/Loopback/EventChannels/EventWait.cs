using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;

/// <summary>
/// How a descriptor's reader sleeps: on an eventfd, which others write only while it sleeps.
/// The protocol that loses no wake-up:
/// <code>
/// reader                                   any other thread
/// A1 sleeping = 1                          B1 publish (ready bit, wake flag)
/// A2 full fence                            B2 full fence (the atomic operation of B1)
/// A3 look at what is published             B3 sleeping? then write the eventfd
/// A4 nothing: block
/// </code>
/// Either A3 sees B1, or B3 sees A1. <see cref="Arm"/>, <see cref="Disarm"/>, <see cref="Sleep"/> and
/// <see cref="Close"/> belong to the reader.
/// </summary>
internal sealed class EventWait
{
    private Words _words;
    private int _descriptor = -1;

    /// <summary>A descriptor that was never closed is closed with its collected owner.</summary>
    ~EventWait() => CloseDescriptor();

    /// <summary>Announces the sleep. What was published before is to be looked at between this and <see cref="Sleep"/>.</summary>
    internal void Arm()
    {
        if (_descriptor < 0)
        {
            // Made by the first sleep: a guest that only polls costs no descriptor.
            _descriptor = LinuxCalls.OpenEvent(0, LinuxCalls.CloseOnExec);
            if (_descriptor < 0)
            {
                throw new HypervisorException(
                    (Errno)Marshal.GetLastPInvokeError(), "can't create an eventfd; is the open-file limit reached?");
            }
        }

        // A2: Exchange is a full fence; pairs with the atomic operation before each call of Wake (B2).
        Interlocked.Exchange(ref _words.Sleeping, 1);
    }

    /// <summary>Takes the announcement back. A wake-up that is already under way makes the next sleep end early: harmless.</summary>
    internal void Disarm() => Volatile.Write(ref _words.Sleeping, 0);

    /// <summary>Blocks until woken; may return early.</summary>
    /// <param name="milliseconds">The longest time; -1 for no limit.</param>
    internal unsafe void Sleep(int milliseconds)
    {
        bool readable = milliseconds < 0;
        if (!readable)
        {
            var poll = new LinuxCalls.PolledDescriptor { Descriptor = _descriptor, Wanted = LinuxCalls.Readable };
            readable = LinuxCalls.Poll(&poll, 1, milliseconds) > 0;
        }

        if (readable)
        {
            ulong count;
            while (LinuxCalls.Read(_descriptor, (byte*)&count, sizeof(ulong)) < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR)
            {
                // The runtime interrupts blocked threads to suspend them for a collection.
            }
        }

        Disarm();
    }

    /// <summary>Ends the reader's sleep, if there is one. Any thread; after an atomic operation that published the reason.</summary>
    internal unsafe void Wake()
    {
        if (Volatile.Read(ref _words.Sleeping) == 0)
        {
            return;
        }

        // Counted before the exchange, so that Close, which exchanges first and then looks at the count, either sees
        // this writer or has already taken the announcement from it.
        Interlocked.Increment(ref _words.Writers);
        if (Interlocked.Exchange(ref _words.Sleeping, 0) == 1)
        {
            ulong one = 1;
            while (LinuxCalls.Write(_descriptor, (byte*)&one, sizeof(ulong)) < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EINTR)
            {
                // Nothing was written: a lost write would be a lost wake-up.
            }
        }

        Interlocked.Decrement(ref _words.Writers);
    }

    /// <summary>Closes the eventfd once no writer is at it.</summary>
    internal void Close()
    {
        // Full fence; pairs with the increment in Wake.
        Interlocked.Exchange(ref _words.Sleeping, 0);
        var spin = new SpinWait();
        while (Volatile.Read(ref _words.Writers) != 0)
        {
            spin.SpinOnce();
        }

        CloseDescriptor();
    }

    private void CloseDescriptor()
    {
        int descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
        {
            _ = LinuxCalls.Close(descriptor);
        }
    }

    // Every notifier reads Sleeping; it must not share a line with what the reader writes for each event.
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Words
    {
        [FieldOffset(64)]
        internal int Sleeping;

        [FieldOffset(128)]
        internal int Writers;
    }
}
