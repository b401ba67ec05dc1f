namespace PciBackFlow.Pci;

/// <summary>
/// A function's address: segment ("PCI domain"; 16 bits in hardware, up to 32 where a host bridge driver invents one), bus,
/// slot and function. Printed as <c>dddd:bb:ss.f</c>, lower-case hexadecimal.
/// </summary>
/// <param name="Domain">Segment, 0 to 0xFFFFFFFF.</param>
/// <param name="Bus">Bus, 0 to 0xFF.</param>
/// <param name="Slot">Slot ("device"), 0 to 0x1F.</param>
/// <param name="Function">Function, 0 to 7.</param>
public readonly partial record struct PciAddress(uint Domain, byte Bus, byte Slot, byte Function) : IComparable<PciAddress>
{
    /// <summary>Slot and function in one byte, as the wire protocol carries them.</summary>
    public byte Devfn => (byte)((Slot << 3) | Function);

    /// <summary>Whether another function is of the same slot: the same card, or the same function itself.</summary>
    /// <param name="other">The other function.</param>
    /// <returns>True when segment, bus and slot are the same.</returns>
    public bool SharesSlotWith(PciAddress other) => (Domain, Bus, Slot) == (other.Domain, other.Bus, other.Slot);

    /// <summary>The address with slot and function taken from one byte.</summary>
    /// <param name="domain">Segment.</param>
    /// <param name="bus">Bus.</param>
    /// <param name="devfn">(slot &lt;&lt; 3) | function.</param>
    /// <returns>The address.</returns>
    public static PciAddress FromDevfn(uint domain, byte bus, byte devfn) => new(domain, bus, (byte)(devfn >> 3), (byte)(devfn & 7));

    /// <inheritdoc/>
    public int CompareTo(PciAddress other) => Key.CompareTo(other.Key);

    /// <inheritdoc/>
    public override string ToString() => $"{Domain:x4}:{Bus:x2}:{Slot:x2}.{Function:x}";

    private ulong Key => ((ulong)Domain << 16) | ((ulong)Bus << 8) | Devfn;
}
