using System.Numerics;
using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.EventChannels;

/// <summary>
/// Lets one thread wait for the descriptors of many domains: what epoll is to <c>/dev/xen/evtchn</c>. One client thread can so play
/// hundreds of guests. <see cref="Wake"/>: any thread; the rest belongs to one owning thread. <see cref="Wait"/> neither locks nor allocates.
/// </summary>
public sealed class LoopbackEventSet : IDisposable
{
    private const int Bits = 64;

    private readonly EventWait _wait = new();
    private readonly PaddedInt64[] _ready;
    private readonly int _capacity;
    private int _members;
    private int _cursor;
    private int _wakeRequested;

    /// <summary>Creates an empty set.</summary>
    /// <param name="capacity">Most descriptors, at least 1.</param>
    public LoopbackEventSet(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
        _ready = new PaddedInt64[(capacity + Bits - 1) / Bits];
    }

    /// <summary>
    /// Opens a descriptor of a domain whose events this set reports too. Its member number is the count of descriptors opened before. It
    /// outlives the set's use, but not usefully: dispose it first.
    /// </summary>
    /// <param name="view">The domain's view.</param>
    /// <returns>The descriptor.</returns>
    /// <exception cref="HypervisorException">ESRCH: the domain was destroyed.</exception>
    /// <exception cref="InvalidOperationException">The set is full.</exception>
    public IEventChannels Open(LoopbackHypervisor view)
    {
        if (_members == _capacity)
        {
            throw new InvalidOperationException($"the set has room for {_capacity} descriptors");
        }

        IEventChannels opened = view.OpenEventChannels(this, _members);
        _members++;
        return opened;
    }

    /// <summary>
    /// Waits until descriptors have something to deliver. Each is reported once for what it has now: read it until it delivers nothing, and
    /// unmask what was delivered. May report one that delivers nothing.
    /// </summary>
    /// <param name="members">Receives member numbers.</param>
    /// <param name="timeoutMilliseconds">0 returns at once; -1 blocks without limit.</param>
    /// <returns>How many were written; 0 after the time ran out or a <see cref="Wake"/>.</returns>
    public int Wait(Span<int> members, int timeoutMilliseconds)
    {
        bool woken = TakeWake();
        int count = Scan(members);
        if (count != 0 || woken || timeoutMilliseconds == 0)
        {
            return count;
        }

        long end = timeoutMilliseconds < 0 ? long.MaxValue : Environment.TickCount64 + timeoutMilliseconds;
        while (true)
        {
            _wait.Arm();
            woken = TakeWake();
            count = Scan(members);
            long remaining = timeoutMilliseconds < 0 ? -1 : Math.Max(0, end - Environment.TickCount64);
            if (count != 0 || woken || remaining == 0)
            {
                _wait.Disarm();
                return count;
            }

            _wait.Sleep((int)remaining);
        }
    }

    /// <summary>Makes a blocked (or the next) <see cref="Wait"/> return.</summary>
    public void Wake()
    {
        // Full fence; pairs with the one in EventWait.Arm.
        Interlocked.Exchange(ref _wakeRequested, 1);
        _wait.Wake();
    }

    /// <inheritdoc/>
    public void Dispose() => _wait.Close();

    /// <summary>A member's port became ready. Any thread; wakes the waiter when asked to.</summary>
    internal void Signal(int member, bool wake)
    {
        // Full fence; pairs with the one in EventWait.Arm.
        Interlocked.Or(ref _ready[member / Bits].Value, 1L << (member % Bits));
        if (wake)
        {
            _wait.Wake();
        }
    }

    private bool TakeWake() =>
        Volatile.Read(ref _wakeRequested) != 0 && Interlocked.Exchange(ref _wakeRequested, 0) != 0;

    private int Scan(Span<int> members)
    {
        // Whole words in rotation: within a word all go, unless the caller has no room, and then the word comes first next time.
        int count = 0;
        for (int i = 0; i < _ready.Length && count < members.Length; i++)
        {
            int word = _cursor;
            long ready = Volatile.Read(ref _ready[word].Value);
            while (ready != 0 && count < members.Length)
            {
                int bit = BitOperations.TrailingZeroCount(ready);
                ready &= ready - 1;

                // The bit goes before the descriptor is read; a signal that comes later sets it again.
                Interlocked.And(ref _ready[word].Value, ~(1L << bit));
                members[count++] = (word * Bits) + bit;
            }

            if (ready != 0)
            {
                break;
            }

            _cursor = word + 1 < _ready.Length ? word + 1 : 0;
        }

        return count;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedInt64
    {
        [FieldOffset(64)]
        internal long Value;
    }
}
