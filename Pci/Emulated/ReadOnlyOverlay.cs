using PciBackFlow.Pci.Capabilities;

namespace PciBackFlow.Pci.Emulated;

/// <summary>
/// Lets a guest use a function of this host without a write ever reaching it: writes stay in a shadow, where they act as the
/// registers' rules say (RW, RW1C, RO), and are counted; reads return the written bits from there and all others from the
/// function. One thread accesses it at a time.
/// </summary>
public sealed class ReadOnlyOverlay : DelegatingFunction
{
    private readonly RegisterMasks _masks;
    private readonly byte[] _shadow;
    private readonly byte[] _written;
    private readonly bool _knownRegistersOnly;
    private long _writesKept;
    private long _readsAnswered;

    /// <summary>Lays a shadow over a function; both lists of capabilities are read once.</summary>
    /// <param name="function">The function; disposed of with the overlay.</param>
    /// <param name="knownRegistersOnly">
    /// Whether reads outside the header and the capabilities of known length are answered with 0 without touching the device:
    /// some lock up when undefined registers are read.
    /// </param>
    public ReadOnlyOverlay(IPciFunction function, bool knownRegistersOnly = true)
        : base(function)
    {
        _knownRegistersOnly = knownRegistersOnly;
        ulong[] lengths = new ulong[FunctionRegions.Count];
        for (int i = 0; i < lengths.Length && i < function.BaseAddresses.Count; i++)
        {
            BaseAddress region = function.BaseAddresses[i];
            lengths[i] = function.IsVirtualFunction || region.IsFixed ? 0 : region.Length;
        }

        _masks = RegisterMasks.Compile(function, CapabilityWalk.Read(function), lengths, claimUnknownLengths: false, function.IsVirtualFunction);
        _shadow = new byte[function.Size];
        _written = new byte[function.Size];
    }

    /// <summary>Writes that stayed here instead of reaching the device.</summary>
    public long WritesKept => Volatile.Read(ref _writesKept);

    /// <summary>Reads answered without touching the device, because no register is known there.</summary>
    public long ReadsAnswered => Volatile.Read(ref _readsAnswered);

    /// <inheritdoc/>
    public override bool TryRead(int offset, int size, out uint value)
    {
        if (!IsAccess(offset, size))
        {
            value = NoAnswer.Of(size);
            return false;
        }

        if (_knownRegistersOnly && !AnyKnown(offset, size))
        {
            Volatile.Write(ref _readsAnswered, _readsAnswered + 1);
            value = Shadowed(0, offset, size);
            return true;
        }

        if (!Inner.TryRead(offset, size, out value))
        {
            return false;
        }

        value = Shadowed(value, offset, size);
        return true;
    }

    /// <inheritdoc/>
    public override bool TryWrite(int offset, int size, uint value)
    {
        if (!IsAccess(offset, size))
        {
            return false;
        }

        Volatile.Write(ref _writesKept, _writesKept + 1);
        for (int i = 0; i < size; i++)
        {
            int at = offset + i;
            byte lane = (byte)(value >> (8 * i));
            byte writable = _masks.Writable[at];
            byte cleared = (byte)(lane & _masks.ClearedByOne[at]);
            _shadow[at] = (byte)(((_shadow[at] & ~writable) | (lane & writable)) & ~cleared);
            _written[at] |= (byte)(writable | cleared);
        }

        return true;
    }

    /// <inheritdoc/>
    /// <remarks>Kept here: the device stays as it is.</remarks>
    public override bool TryEnable()
    {
        uint decode = 0u;
        for (int i = 0; i < FunctionRegions.Rom && i < BaseAddresses.Count; i++)
        {
            if (BaseAddresses[i].IsAssigned)
            {
                decode |= BaseAddresses[i].IsIo ? CommandBits.Io : CommandBits.Memory;
            }
        }

        return TryRead(ConfigRegisters.Command, 2, out uint command) && TryWrite(ConfigRegisters.Command, 2, command | decode);
    }

    /// <inheritdoc/>
    /// <remarks>Kept here: only the state that is read back changes.</remarks>
    public override bool TrySetPowerState(int state) => PowerTransition.TryMove(this, state);

    /// <inheritdoc/>
    /// <remarks>Kept here: whatever was written is forgotten.</remarks>
    public override bool TryReset()
    {
        Array.Clear(_shadow);
        Array.Clear(_written);
        return true;
    }

    private bool IsAccess(int offset, int size) =>
        size is 1 or 2 or 4 && offset >= 0 && (offset & (size - 1)) == 0 && offset <= ReadableSize - size;

    private bool AnyKnown(int offset, int size)
    {
        for (int i = 0; i < size; i++)
        {
            if (_masks.IsKnown(offset + i))
            {
                return true;
            }
        }

        return false;
    }

    private uint Shadowed(uint value, int offset, int size)
    {
        for (int i = 0; i < size; i++)
        {
            uint written = (uint)_written[offset + i] << (8 * i);
            value = (value & ~written) | (((uint)_shadow[offset + i] << (8 * i)) & written);
        }

        return value;
    }
}
