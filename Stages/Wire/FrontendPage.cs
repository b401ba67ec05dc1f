using System.Runtime.CompilerServices;

namespace PciBackFlow.Stages.Wire;

/// <summary>
/// The same page from the guest's side: what a frontend does with it, in a frontend's order. For simulated guests and tests. Used
/// by one thread: the protocol has one request in flight per guest.
/// </summary>
/// <param name="address">First byte of the page, 8-byte aligned, <see cref="SharedInfoLayout.PageSize"/> bytes long.</param>
public readonly unsafe struct FrontendPage(byte* address)
{
    private readonly SharedPage _page = new(address);

    /// <summary>The first byte of the page.</summary>
    public byte* Address => _page.Address;

    /// <summary>Whether the request posted last has its answer (or was withdrawn). Acquires: the answer is complete when this is true.</summary>
    public bool IsAnswered => (_page.ReadFlags() & SharedFlags.Active) == 0;

    /// <summary>Zeroes the whole page: a frontend does so once, before it grants it.</summary>
    public void Zero() => Unsafe.InitBlock(_page.Address, 0, SharedInfoLayout.PageSize);

    /// <summary>Announces once that recovery requests can be served, as Linux does when it allocates the page.</summary>
    public void AnnounceAerHandler() => _page.SetFlags(SharedFlags.AerHandler);

    /// <summary>Fills the slot and marks it active; then the frontend notifies.</summary>
    /// <param name="request">All 36 bytes, stale ones included.</param>
    public void Post(in PciOpRequest request)
    {
        Write(request);

        // Full fence: the request's bytes become visible before the bit that lets the backend read them (its acquiring read of the flags).
        _page.SetFlags(SharedFlags.Active);
    }

    /// <summary>Fills the slot with MSI-X entries, and marks it active.</summary>
    /// <param name="request">All 36 bytes; the value is the number of entries.</param>
    /// <param name="entries">At most 128; the slot's further entries stay as they are.</param>
    public void Post(in PciOpRequest request, ReadOnlySpan<MsixEntry> entries)
    {
        entries.CopyTo(new Span<MsixEntry>(_page.Address + SharedInfoLayout.MsixEntries, SharedInfoLayout.MaxVectors));
        Post(request);
    }

    /// <summary>Fills the slot without marking it active: a guest that changes its request behind the backend's back.</summary>
    /// <param name="request">All 36 bytes.</param>
    public void Write(in PciOpRequest request) => Unsafe.WriteUnaligned(_page.Address + SharedInfoLayout.Op, request);

    /// <summary>Withdraws a request that took too long: Linux after two seconds.</summary>
    /// <returns>False when the answer came at the last moment.</returns>
    public bool GiveUp() => (_page.ClearFlags(SharedFlags.Active) & SharedFlags.Active) != 0;

    /// <summary>Copies the slot back; meaningful after <see cref="IsAnswered"/>.</summary>
    /// <param name="answer">Status in <see cref="PciOpRequest.Error"/>, result in <see cref="PciOpRequest.Value"/>.</param>
    public void ReadAnswer(out PciOpRequest answer) => _page.ReadRequest(out answer);

    /// <summary>Copies all MSI-X entries back.</summary>
    /// <param name="entries">Receives the entries; vectors are valid for as many as were asked for, if the status is success.</param>
    public void ReadEntries(ref MsixEntryArray entries) => _page.ReadEntries(ref entries);

    /// <summary>What the backend asks in the recovery slot. Acquires.</summary>
    /// <param name="request">The request; meaningful only when there is one.</param>
    /// <returns>Whether it asks anything.</returns>
    public bool TryReadRecovery(out RecoveryRequest request)
    {
        bool isAsked = (_page.ReadFlags() & SharedFlags.BackendActive) != 0;
        request = new(
            (PciOpCode)Field(SharedInfoLayout.AerCommand), (ChannelState)Field(SharedInfoLayout.AerError), Field(SharedInfoLayout.AerDomain),
            Field(SharedInfoLayout.AerBus), Field(SharedInfoLayout.AerDevfn));
        return isAsked;
    }

    /// <summary>Answers what the backend asks; then the frontend notifies.</summary>
    /// <param name="verdict">A <see cref="RecoveryVerdict"/>; any 32 bits from a guest that lies.</param>
    public void AnswerRecovery(int verdict)
    {
        _page.WriteVerdict(verdict);
        _page.ClearFlags(SharedFlags.BackendActive);
    }

    /// <summary>Changes flags as no frontend should.</summary>
    /// <param name="set">Bits to set.</param>
    /// <param name="clear">Bits to clear.</param>
    public void ToggleFlags(SharedFlags set, SharedFlags clear)
    {
        _page.SetFlags(set);
        _page.ClearFlags(clear);
    }

    private uint Field(int offset) => Volatile.Read(ref Unsafe.AsRef<uint>(_page.Address + offset));
}
