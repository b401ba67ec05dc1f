using System.Runtime.CompilerServices;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Run;

/// <summary>
/// A host function in a guest's hands: hardware, permissions and the guest's state. Owned by the thread that owns the guest's
/// request; only <see cref="IsSlow"/> and <see cref="IsGone"/> may be read, and <see cref="MarkStuck"/> called, by others.
/// </summary>
public sealed class AssignedFunction
{
    private const int VendorOffset = 0x00;
    private const int ClassOffset = 0x08;

    private CompiledFunction _compiled;
    private AccessPace _pace;
    private volatile bool _isSlow;
    private volatile bool _isStuck;
    private volatile bool _isGone;
    private volatile bool _hasFailed;
    private FunctionTurn _turn;
    private long _hardwareReads;
    private long _hardwareWrites;
    private long _addressesLost;
    private HardwareLog _log;

    /// <summary>Assigns a function; the registers start fresh unless told otherwise.</summary>
    /// <param name="hardware">The host's function.</param>
    /// <param name="guestAddress">Where the guest sees it.</param>
    /// <param name="compiled">Its permissions and initial values.</param>
    /// <param name="registers">Memory for the guest's state; null for memory of its own.</param>
    /// <param name="keepState">True when <paramref name="registers"/> hold the state of a guest that is still there (a restarted daemon).</param>
    /// <exception cref="ArgumentException">The three do not have the same length of configuration space.</exception>
    public AssignedFunction(
        IPciFunction hardware, PciAddress guestAddress, CompiledFunction compiled, VirtualRegisters? registers = null,
        bool keepState = false)
    {
        registers ??= new VirtualRegisters(hardware.Size);
        if (hardware.Size != compiled.Map.Size || registers.ConfigSize != hardware.Size)
        {
            throw new ArgumentException($"{hardware.Origin} has {hardware.Size} bytes, its map {compiled.Map.Size}, its registers {registers.ConfigSize}.");
        }

        Hardware = hardware;
        GuestAddress = guestAddress;
        _compiled = compiled;
        Registers = registers;
        if (!keepState)
        {
            registers.Reset(compiled.Initial);
        }
    }

    /// <summary>The host's function.</summary>
    public IPciFunction Hardware { get; }

    /// <summary>Where the guest sees it.</summary>
    public PciAddress GuestAddress { get; }

    /// <summary>The permissions.</summary>
    public ConfigSpaceMap Map => _compiled.Map;

    /// <summary>The policy behind the permissions.</summary>
    public AccessPolicy Policy => _compiled.Policy;

    /// <summary>The values a guest starts with.</summary>
    public InitialRegisters Initial => _compiled.Initial;

    /// <summary>The power management control's offset in hardware, hidden or not; -1 without one.</summary>
    internal int PowerControlOffset => _compiled.PowerControlOffset;

    /// <summary>Whoever has it: what the request under way did to hardware so far.</summary>
    internal ref HardwareLog Log => ref _log;

    /// <summary>The guest's state.</summary>
    public VirtualRegisters Registers { get; }

    /// <summary>What policy dropped of the guest's writes. Any thread may read it.</summary>
    public DeniedRegisters Denied { get; } = new();

    /// <summary>Whether accesses to it leave the shard, because others took too long (<see cref="AccessPace"/>) or one is stuck. Any thread may look.</summary>
    public bool IsSlow => _isStuck || _isSlow;

    /// <summary>Whether its guest has not got over an error of it. Any thread may look.</summary>
    public bool HasFailed => _hasFailed;

    /// <summary>Whether it no longer answers: reads give all ones, writes are dropped. Any thread may look.</summary>
    public bool IsGone => _isGone;

    /// <summary>
    /// Called when the function went through a reset or came back to D0 within a request, its registers in place again: whoever enabled
    /// its interrupts enables them anew. The caller has the function (<see cref="TryBegin"/>). Set before a guest can reach it; may block, must not throw.
    /// </summary>
    public Action<AssignedFunction>? AfterReset { get; set; }

    /// <summary>
    /// Called when it is found gone, and when it is found to be back (<see cref="IsGone"/>), in the midst of a request, or has failed
    /// (<see cref="HasFailed"/>): must neither block nor throw.
    /// Set before a guest can reach it.
    /// </summary>
    public Action? GoneChanged { get; set; }

    /// <summary>
    /// Called when its accesses are found too slow for the shard, in the midst of a request: must neither block nor throw. Seldom: each time is followed by
    /// twice as many fast accesses as the one before. Set before a guest can reach it.
    /// </summary>
    public Action? FoundSlow { get; set; }

    /// <summary>
    /// Called when an access or operation on it has lasted so long that its thread was replaced: must neither block nor throw. Once until that has come back.
    /// Set before a guest can reach it.
    /// </summary>
    public Action? FoundStuck { get; set; }

    /// <summary>
    /// Called when its base addresses are found lost before it is switched on, in the midst of a request: must neither block nor throw. Set before a guest can
    /// reach it.
    /// </summary>
    public Action? FoundAddressesLost { get; set; }

    /// <summary>How often its base addresses were found lost before it was switched on, and written back.</summary>
    public long AddressesLost => Volatile.Read(ref _addressesLost);

    /// <summary>Hardware reads so far, those of side effects included.</summary>
    public long HardwareReads => Volatile.Read(ref _hardwareReads);

    /// <summary>Hardware writes so far, those of side effects included.</summary>
    public long HardwareWrites => Volatile.Read(ref _hardwareWrites);

    /// <summary>Whether it was taken from the guest for good (<see cref="Withdraw"/>). Any thread may look.</summary>
    public bool IsWithdrawn => _turn.IsWithdrawn;

    /// <summary>
    /// Takes the function for the accesses of one request. Normally nobody else wants it; but a worker that missed its deadline
    /// can still be inside while the guest's next request is under way. Never waits.
    /// </summary>
    /// <returns>False when another thread is at it, or when it is withdrawn: the request fails.</returns>
    public bool TryBegin() => _turn.TryBegin();

    /// <summary>Ends what <see cref="TryBegin"/> began. A release: the next to take it sees everything done here.</summary>
    public void End() => _turn.End();

    /// <summary>
    /// Takes the function from the guest for good: whoever comes to it later, with a request that was accepted before, is refused. Who is inside now stays
    /// there until its access has ended, and what that does to the device is not undone by it.
    /// </summary>
    /// <param name="left">Called once by who is inside now, when it leaves; must neither block nor throw.</param>
    /// <returns>False when somebody is inside: <paramref name="left"/> will be called, or has been already.</returns>
    public bool Withdraw(Action left) => _turn.Withdraw(left);

    /// <summary>
    /// Another thread: what somebody does on it right now has lasted so long that its thread was replaced. Accesses leave the shard from now on.
    /// </summary>
    public void MarkStuck()
    {
        if (!_isStuck)
        {
            _isStuck = true;
            FoundStuck?.Invoke();
        }
    }

    /// <summary>Whoever has it: what the accesses for one request took, of which none was expected to block.</summary>
    /// <param name="now">The time, in Stopwatch ticks.</param>
    /// <param name="took">What they took.</param>
    internal void NoteTime(long now, long took)
    {
        // Also when it was an operation that got stuck: then this is the first access after it.
        bool wasStuck = _isStuck;
        bool isNews = _pace.Note(now, took, wasStuck);
        if (_isSlow != _pace.IsSlow)
        {
            _isSlow = _pace.IsSlow;
        }

        if (wasStuck)
        {
            _isStuck = false;
        }
        else if (isNews)
        {
            FoundSlow?.Invoke();
        }
    }

    /// <summary>Any thread: its guest has not got over an error of it, or has got over one since.</summary>
    /// <param name="hasFailed">Which.</param>
    public void NoteFailure(bool hasFailed)
    {
        if (_hasFailed != hasFailed)
        {
            _hasFailed = hasFailed;
            GoneChanged?.Invoke();
        }
    }

    /// <summary>Whoever has it: its base addresses were not the host's.</summary>
    internal void NoteAddressesLost()
    {
        _addressesLost++;
        FoundAddressesLost?.Invoke();
    }

    /// <summary>Reads hardware, notes what the guest will have seen, and finds out whether the function is gone.</summary>
    /// <param name="offset">Aligned offset inside the space.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">The value; all ones of that size when the access failed.</param>
    /// <returns>False when the access failed.</returns>
    public bool TryReadHardware(int offset, int size, out uint value)
    {
        _hardwareReads++;
        bool answered = Hardware.TryRead(offset, size, out value);
        _log.Read(offset, size, value);
        if (!answered)
        {
            return false;
        }

        if (NoAnswer.Is(value, size) && CheckGone())
        {
            return true;
        }

        Registers.Observe(offset, size, value, Map[offset >> 2].Memory);
        return true;
    }

    /// <summary>Writes hardware.</summary>
    /// <param name="offset">Aligned offset inside the space.</param>
    /// <param name="size">1, 2 or 4.</param>
    /// <param name="value">The value.</param>
    /// <returns>False when the access failed.</returns>
    public bool TryWriteHardware(int offset, int size, uint value)
    {
        _hardwareWrites++;
        _log.Write(offset, size, value);
        if (!Hardware.TryWrite(offset, size, value))
        {
            return false;
        }
        // What was written is what a later write-back will be compared with, until the next read says otherwise.
        Registers.Observe(offset, size, value, Map[offset >> 2].Memory | Map[offset >> 2].Rw1c);
        return true;
    }

    /// <summary>
    /// Takes new copies of the bits that memory answers for hardware: after a reset, a power transition or a hot-unplug event.
    /// Reads hardware, one dword for each that has such bits. Clears or sets <see cref="IsGone"/>.
    /// </summary>
    public void Refresh()
    {
        SetGone(!Answers());
        if (_isGone)
        {
            return;
        }

        int readable = Math.Min(Hardware.ReadableSize, Map.Size) / 4;
        for (int dword = 0; dword < readable; dword++)
        {
            uint shadow = Map[dword].Shadow;
            if (shadow == 0)
            {
                continue;
            }

            _hardwareReads++;
            if (Hardware.TryRead(dword * 4, 4, out uint value))
            {
                Registers[dword] = ByteLanes.Merge(Registers[dword], value, shadow);
            }
        }
    }

    /// <summary>
    /// Other permissions for the guest that has it, who keeps its state. Between two of its requests, on the thread that owns them, with the function taken
    /// (<see cref="TryBegin"/>): nobody is in the middle of something that the old ones planned.
    /// </summary>
    /// <param name="next">The same function compiled under another policy.</param>
    public void Replace(CompiledFunction next)
    {
        if (next.Map.Size != Map.Size)
        {
            throw new ArgumentException("The space changed its length.", nameof(next));
        }

        for (int dword = 0; dword < Map.Size / 4; dword++)
        {
            // What memory did not answer so far it has no value for.
            uint added = next.Map[dword].Memory & ~Map[dword].Memory;
            if (added != 0)
            {
                Registers[dword] = ByteLanes.Merge(Registers[dword], next.Initial.Values[dword], added);
            }
        }

        _compiled = next;
    }

    /// <summary>The guest is gone: everything it left behind is forgotten. A new assignment may bring new permissions.</summary>
    /// <param name="next">Permissions and values for the next guest; null for those of now.</param>
    public void Release(CompiledFunction? next = null)
    {
        if (next is not null && next.Map.Size != Map.Size)
        {
            throw new ArgumentException("The space changed its length.", nameof(next));
        }

        _compiled = next ?? _compiled;
        _pace = default;
        _isSlow = false;
        _isStuck = false;
        _isGone = false;
        _hasFailed = false;
        Registers.Reset(_compiled.Initial);
    }

    // Only an answer of all ones, which real registers hardly ever give, costs this second read.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool CheckGone()
    {
        if (Answers())
        {
            return false;
        }

        SetGone(true);
        return true;
    }

    private void SetGone(bool isGone)
    {
        if (isGone == _isGone)
        {
            return;
        }

        _isGone = isGone;
        GoneChanged?.Invoke();
    }

    // A virtual function's vendor id reads FFFF by specification (SR-IOV 1.1 §3.4.1.1): its class code does not.
    private bool Answers()
    {
        int offset = Hardware.IsVirtualFunction ? ClassOffset : VendorOffset;
        _hardwareReads++;
        return Hardware.TryRead(offset, 4, out uint identity) && !NoAnswer.Is(identity, 4);
    }
}
