using System.Runtime.InteropServices;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// The guest's side of the shared page (<c>struct xen_pci_sharedinfo</c>, Xen public header io/pciif.h). It knows the layout by
/// its own constants, not the backend's, so that a wrong offset on either side shows as a wrong answer. Owned by one client thread.
/// </summary>
public sealed unsafe class RequestPage : IDisposable
{
    /// <summary>Bit of <c>flags</c>: a request waits (XEN_PCIF_active).</summary>
    public const int FrontendActive = 0x1;

    /// <summary>Bit of <c>flags</c>: the frontend can serve AER requests (XEN_PCIB_AERHANDLER).</summary>
    public const int AerHandler = 0x2;

    /// <summary>Bit of <c>flags</c>: the backend's AER request waits (XEN_PCIB_active).</summary>
    public const int BackendActive = 0x4;

    /// <summary>Bytes of one request: what Linux copies in and out as a whole.</summary>
    public const int OperationBytes = 548;

    private const int OperationOffset = 4;

    // Offsets inside struct xen_pci_op.
    private const int Cmd = 0;
    private const int Err = 4;
    private const int Domain = 8;
    private const int Bus = 12;
    private const int Devfn = 16;
    private const int Offset = 20;
    private const int Size = 24;
    private const int Value = 28;
    private const int Info = 32;

    // msix_entries: 128 pairs of a vector and a table index, 16 bits each.
    private const int Entries = 36;
    private const int EntryBytes = 4;
    private const int MostEntries = 128;
    private const ushort NoVector = 0xFFFF;

    private readonly byte* _page;
    private byte* _operation;

    /// <summary>Takes a granted page over and clears it, as a frontend does at its start.</summary>
    /// <param name="page">The guest's own address of the page.</param>
    public RequestPage(byte* page)
    {
        _page = page;
        _operation = (byte*)NativeMemory.AllocZeroed(OperationBytes);
        new Span<byte>(page, 4096).Clear();
        Volatile.Write(ref Flags, AerHandler);
    }

    /// <summary>Whether a request waits for its answer.</summary>
    public bool IsActive => (Volatile.Read(ref Flags) & FrontendActive) != 0;

    /// <summary>Whether the backend has an AER request for this guest.</summary>
    public bool HasBackendRequest => (Volatile.Read(ref Flags) & BackendActive) != 0;

    private ref int Flags => ref *(int*)_page;

    /// <summary>Copies a whole request into the page and sets the flag. The caller notifies.</summary>
    /// <param name="request">The request.</param>
    public void Post(in FrontendRequest request)
    {
        byte* operation = _operation;
        *(uint*)(operation + Cmd) = request.Command;
        *(uint*)(operation + Domain) = request.Domain;
        *(uint*)(operation + Bus) = request.Bus;
        *(uint*)(operation + Devfn) = request.Devfn;
        *(int*)(operation + Offset) = request.Offset;
        *(int*)(operation + Size) = request.Size;
        *(uint*)(operation + Value) = request.Value;
        *(uint*)(operation + Info) = request.Info;

        // All 548 bytes travel, stale ones too: that is what Linux does, and what a backend must not be confused by.
        Buffer.MemoryCopy(operation, _page + OperationOffset, OperationBytes, OperationBytes);

        // Full fence: the request is complete before the flag says so. Pairs with the backend's read of flags before its snapshot.
        Interlocked.Or(ref Flags, FrontendActive);
    }

    /// <summary>Puts the MSI-X table indexes into the next request, the vectors filled as Linux fills them.</summary>
    /// <param name="indexes">At most 128.</param>
    public void SetEntries(ReadOnlySpan<ushort> indexes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(indexes.Length, MostEntries);
        for (int i = 0; i < indexes.Length; i++)
        {
            ushort* entry = (ushort*)(_operation + Entries + (i * EntryBytes));
            entry[0] = NoVector;
            entry[1] = indexes[i];
        }
    }

    /// <summary>A vector of the last answer.</summary>
    /// <param name="index">Which of the request's entries, 0 to 127.</param>
    /// <returns>The pirq.</returns>
    public ushort VectorOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, (uint)MostEntries - 1);
        return *(ushort*)(_operation + Entries + (index * EntryBytes));
    }

    /// <summary>Copies the answer out. Call it when <see cref="IsActive"/> has become false.</summary>
    /// <returns>The answer.</returns>
    public FrontendAnswer TakeAnswer()
    {
        // Acquire: pairs with the backend's fence between its answer and the cleared flag.
        _ = Volatile.Read(ref Flags);
        Buffer.MemoryCopy(_page + OperationOffset, _operation, OperationBytes, OperationBytes);
        return new FrontendAnswer(*(int*)(_operation + Err), *(uint*)(_operation + Value), *(uint*)(_operation + Info));
    }

    /// <summary>Takes the slot back without an answer.</summary>
    public void Withdraw() => Interlocked.And(ref Flags, ~FrontendActive);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_operation);
        _operation = null;
    }
}
