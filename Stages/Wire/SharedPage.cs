using System.Runtime.CompilerServices;

namespace PciBackFlow.Stages.Wire;

/// <summary>
/// A guest's shared page as the backend uses it. The guest may change every byte at any moment: nothing is read twice for one
/// decision. Written are only <c>flags</c> (atomically), <c>op.err</c>, <c>op.value</c>, where the operation has them
/// <c>op.info</c> and the entries' vectors, and <c>aer_op</c>; never another byte (XSA-403). Owned by the guest's shard.
/// </summary>
/// <param name="address">First byte of the page, 8-byte aligned; at least <see cref="SharedInfoLayout.Size"/> bytes stay mapped while the page is used.</param>
public readonly unsafe struct SharedPage(byte* address)
{
    private readonly byte* _page = address;

    /// <summary>The first byte of the page.</summary>
    public byte* Address => _page;

    /// <summary>Reads the flags. Acquires: what the other side wrote before it set a bit is seen by later reads.</summary>
    /// <returns>All 32 bits.</returns>
    public SharedFlags ReadFlags() => (SharedFlags)Volatile.Read(ref Unsafe.AsRef<uint>(_page + SharedInfoLayout.Flags));

    /// <summary>Sets bits and leaves the others as the guest may just be changing them. A full fence.</summary>
    /// <param name="bits">What to set.</param>
    /// <returns>The flags before.</returns>
    public SharedFlags SetFlags(SharedFlags bits) =>
        (SharedFlags)Interlocked.Or(ref Unsafe.AsRef<uint>(_page + SharedInfoLayout.Flags), (uint)bits);

    /// <summary>Clears bits and leaves the others as the guest may just be changing them. A full fence.</summary>
    /// <param name="bits">What to clear.</param>
    /// <returns>The flags before.</returns>
    public SharedFlags ClearFlags(SharedFlags bits) =>
        (SharedFlags)Interlocked.And(ref Unsafe.AsRef<uint>(_page + SharedInfoLayout.Flags), ~(uint)bits);

    /// <summary>Copies the request's 36 bytes in one pass, each field with exactly one load.</summary>
    /// <param name="request">Receives the copy.</param>
    public void ReadRequest(out PciOpRequest request)
    {
        // Volatile, so that no compiler may load a field again later instead of using the copy (XSA-155 was exactly that).
        request.Command = (PciOpCode)Load(SharedInfoLayout.Command);
        request.Error = (PciOpStatus)(int)Load(SharedInfoLayout.Error);
        request.Domain = Load(SharedInfoLayout.Domain);
        request.Bus = Load(SharedInfoLayout.Bus);
        request.Devfn = Load(SharedInfoLayout.Devfn);
        request.Offset = (int)Load(SharedInfoLayout.Offset);
        request.Size = (int)Load(SharedInfoLayout.AccessSize);
        request.Value = Load(SharedInfoLayout.Value);
        request.Info = Load(SharedInfoLayout.Info);
    }

    /// <summary>Copies all 128 MSI-X entries in one pass: only for a request whose copied code says MSI-X.</summary>
    /// <param name="entries">Receives the copy.</param>
    public void ReadEntries(ref MsixEntryArray entries)
    {
        ref ulong to = ref Unsafe.As<MsixEntryArray, ulong>(ref entries);
        for (int i = 0; i < SharedInfoLayout.MaxVectors / 2; i++)
        {
            ulong two = Volatile.Read(ref Unsafe.AsRef<ulong>(_page + SharedInfoLayout.MsixEntries + (i * sizeof(ulong))));
            Unsafe.WriteUnaligned(ref Unsafe.As<ulong, byte>(ref Unsafe.Add(ref to, i)), two);
        }
    }

    /// <summary>
    /// Whether the page still holds a request that was copied earlier and nobody has given up: a second look whose only
    /// consequence is to drop an answer.
    /// </summary>
    /// <param name="request">The copy.</param>
    /// <returns>False when the frontend has given up or posted another request.</returns>
    public bool StillHolds(in PciOpRequest request)
    {
        if ((ReadFlags() & SharedFlags.Active) == 0)
        {
            return false;
        }

        ReadRequest(out PciOpRequest now);
        return now.IsSameRequestAs(request);
    }

    /// <summary>Writes what every answer has, the value last. Visible to the guest at the latest when <see cref="ClearFlags"/> ends the request.</summary>
    /// <param name="status">To <c>op.err</c>.</param>
    /// <param name="value">To <c>op.value</c>.</param>
    public void WriteAnswer(PciOpStatus status, uint value)
    {
        Store(SharedInfoLayout.Error, (uint)(int)status);
        Store(SharedInfoLayout.Value, value);
    }

    /// <summary>Writes <c>op.info</c>: only for a multi-MSI answer.</summary>
    /// <param name="info">Number of vectors.</param>
    public void WriteInfo(uint info) => Store(SharedInfoLayout.Info, info);

    /// <summary>Writes the vector half of one entry; the other half stays the guest's.</summary>
    /// <param name="index">0 to 127.</param>
    /// <param name="vector">The pirq.</param>
    public void WriteVector(int index, ushort vector)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)SharedInfoLayout.MaxVectors);
        Volatile.Write(ref Unsafe.AsRef<ushort>(_page + SharedInfoLayout.MsixEntries + (index * SharedInfoLayout.MsixEntrySize)), vector);
    }

    /// <summary>Fills the recovery slot. Visible to the guest at the latest when <see cref="SetFlags"/> hands it over.</summary>
    /// <param name="request">All of it.</param>
    public void WriteRecovery(in RecoveryRequest request)
    {
        Store(SharedInfoLayout.AerCommand, (uint)request.Command);
        Store(SharedInfoLayout.AerError, (uint)request.State);
        Store(SharedInfoLayout.AerDomain, request.Domain);
        Store(SharedInfoLayout.AerBus, request.Bus);
        Store(SharedInfoLayout.AerDevfn, request.Devfn);
    }

    /// <summary>Reads <c>aer_op.cmd</c>, once: any 32 bits.</summary>
    /// <returns>The last question; 0, which is none, in a page through which nobody has asked one.</returns>
    public PciOpCode ReadQuestion() => (PciOpCode)Load(SharedInfoLayout.AerCommand);

    /// <summary>Reads <c>aer_op.err</c>, once: any 32 bits that the guest left there.</summary>
    /// <returns>The bits.</returns>
    public int ReadVerdict() => (int)Load(SharedInfoLayout.AerError);

    /// <summary>Writes <c>aer_op.err</c> alone: a mark in a slot that nobody has been asked through.</summary>
    /// <param name="value">The mark.</param>
    public void WriteVerdict(int value) => Store(SharedInfoLayout.AerError, (uint)value);

    private uint Load(int offset) => Volatile.Read(ref Unsafe.AsRef<uint>(_page + offset));

    private void Store(int offset, uint value) => Volatile.Write(ref Unsafe.AsRef<uint>(_page + offset), value);
}
