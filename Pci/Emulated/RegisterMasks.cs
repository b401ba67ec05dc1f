using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Emulated;

/// <summary>
/// The rows of a whole function compiled to one byte per configuration byte: which bits take a write, which are cleared by
/// writing 1, and what the former hold after a reset. Bytes outside the header and every capability are device-specific:
/// plain storage, kept over a reset.
/// </summary>
public sealed class RegisterMasks
{
    private const int HeaderSize = 4;

    private readonly byte[] _writable;
    private readonly byte[] _clearedByOne;
    private readonly byte[] _reset;
    private readonly bool[] _known;

    private RegisterMasks(int size)
    {
        _writable = new byte[size];
        _clearedByOne = new byte[size];
        _reset = new byte[size];
        _known = new bool[size];
    }

    /// <summary>RW bits, by offset.</summary>
    public ReadOnlySpan<byte> Writable => _writable;

    /// <summary>RW1C bits, by offset.</summary>
    public ReadOnlySpan<byte> ClearedByOne => _clearedByOne;

    /// <summary>What the RW bits hold after a reset, by offset.</summary>
    public ReadOnlySpan<byte> ResetValue => _reset;

    /// <summary>Whether a byte belongs to the header or a capability.</summary>
    /// <param name="offset">Offset inside the space.</param>
    /// <returns>False for device-specific bytes.</returns>
    public bool IsKnown(int offset) => _known[offset];

    /// <summary>Compiles the masks of one function from its registers.</summary>
    /// <param name="space">The function.</param>
    /// <param name="capabilities">Its capabilities.</param>
    /// <param name="lengths">Bytes decoded by the registers at indexes 0–5 (BARs) and 6 (ROM); a power of two, or 0.</param>
    /// <param name="claimUnknownLengths">
    /// Whether a capability of unknown length is taken to reach up to the next one; without, only its header is known.
    /// </param>
    /// <param name="isVirtualFunction">Whether the header is an SR-IOV virtual function's.</param>
    /// <returns>The masks.</returns>
    public static RegisterMasks Compile(
        IConfigSpace space, CapabilityList capabilities, ReadOnlySpan<ulong> lengths, bool claimUnknownLengths = true, bool isVirtualFunction = false)
    {
        var masks = new RegisterMasks(space.Size);
        masks._known.AsSpan(0, Math.Min(space.Size, ConfigRegisters.HeaderSize)).Fill(true);
        masks.AddAll(0, HeaderRules.Common);
        if (capabilities.TryFind(CapabilityId.PciExpress, out _))
        {
            masks.AddAll(0, HeaderRules.PciExpress);
        }

        if (isVirtualFunction)
        {
            masks.AddAll(0, HeaderRules.VirtualFunction);
        }

        HeaderKind kind = ConfigHeader.KindOf(space);
        if (kind == HeaderKind.Bridge)
        {
            masks.AddBridge(space);
        }

        masks.AddBaseAddresses(space, kind, lengths);
        foreach (PciCapability capability in capabilities.Capabilities)
        {
            masks.AddCapability(space, capability, capabilities, claimUnknownLengths);
        }

        for (int i = ConfigRegisters.HeaderSize; i < space.Size; i++)
        {
            if (!masks._known[i])
            {
                masks._writable[i] = 0xFF;
            }
        }

        return masks;
    }

    private void AddBridge(IConfigSpace space)
    {
        AddAll(0, HeaderRules.Bridge);
        if (space.TryRead(ConfigRegisters.PrefetchableBase, 1, out uint prefetchable) && (prefetchable & 0xF) == 1)
        {
            AddAll(0, HeaderRules.BridgePrefetchable64);
        }

        if (space.TryRead(ConfigRegisters.IoBase, 1, out uint io) && (io & 0xF) == 1)
        {
            AddAll(0, HeaderRules.BridgeIo32);
        }
    }

    private void AddBaseAddresses(IConfigSpace space, HeaderKind kind, ReadOnlySpan<ulong> lengths)
    {
        for (int i = 0; i < ConfigHeader.BaseAddressCount(kind) && i < lengths.Length && kind != HeaderKind.CardBus; i++)
        {
            if (lengths[i] == 0)
            {
                continue;
            }

            int at = ConfigRegisters.BaseAddress0 + 4 * i;
            space.TryRead(at, 4, out uint value);
            ulong mask = ~(lengths[i] - 1);
            Add(new RegisterRule(at, 4, (uint)mask & ((value & 1) != 0 ? ~3u : ~0xFu)));
            // The last register has no upper half, whatever its type says: behind it lie other registers.
            if (new BaseAddress(0, 0, value & 0xF).Is64Bit && i + 1 < ConfigHeader.BaseAddressCount(kind))
            {
                Add(new RegisterRule(at + 4, 4, (uint)(mask >> 32)));
            }
        }

        int rom = ConfigHeader.ExpansionRomOffset(kind);
        if (rom != 0 && lengths.Length > 6 && lengths[6] != 0)
        {
            Add(new RegisterRule(rom, 4, ((uint)~(lengths[6] - 1) & 0xFFFFF800) | 1));
        }
    }

    private void AddCapability(IConfigSpace space, PciCapability capability, CapabilityList all, bool claimUnknownLengths)
    {
        int size = CapabilitySize.Of(space, capability);
        foreach (RegisterRule rule in CapabilityRules.Of(space, capability, size))
        {
            if (rule.Offset + rule.Size <= size && capability.Offset + rule.Offset + rule.Size <= space.Size)
            {
                Add(rule with { Offset = capability.Offset + rule.Offset });
            }
        }

        // Of unknown length: everything up to whatever comes next is taken as its own, and so left alone.
        if (size == 0)
        {
            size = claimUnknownLengths ? NextStart(capability, all, space.Size) - capability.Offset : HeaderSize;
        }

        int end = capability.Offset + size;
        for (int i = capability.Offset; i < Math.Min(end, space.Size); i++)
        {
            _known[i] = true;
        }
        // The last dword's spare bytes (MSI's 10 and 14) are reserved, not device-specific.
        for (int i = end; i < space.Size && (i & 3) != 0; i++)
        {
            _known[i] = true;
        }
    }

    private static int NextStart(PciCapability capability, CapabilityList all, int size)
    {
        int end = capability.IsExtended ? size : Math.Min(size, ConfigRegisters.StandardSize);
        foreach (PciCapability other in all.Capabilities)
        {
            if (other.Offset > capability.Offset)
            {
                end = Math.Min(end, other.Offset);
            }
        }

        return end;
    }

    private void AddAll(int at, RegisterRule[] rules)
    {
        foreach (RegisterRule rule in rules)
        {
            Add(rule with { Offset = at + rule.Offset });
        }
    }

    private void Add(RegisterRule rule)
    {
        for (int i = 0; i < rule.Size && rule.Offset + i < _writable.Length; i++)
        {
            _writable[rule.Offset + i] = (byte)(rule.Writable >> (8 * i));
            _clearedByOne[rule.Offset + i] = (byte)(rule.ClearedByOne >> (8 * i));
            _reset[rule.Offset + i] = (byte)(rule.ResetValue >> (8 * i));
        }
    }
}
