using System.Runtime.InteropServices;

namespace PciBackFlow.Stages.Wire;

/// <summary>
/// The first 36 bytes of <c>op</c> in private memory: all that a decision may use (XSA-155: what was checked in the page can be
/// another value when it is used).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SharedInfoLayout.OpHeaderSize)]
public struct PciOpRequest
{
    /// <summary>Any 32 bits; see <see cref="PciOpCode"/> for those that mean something.</summary>
    [FieldOffset(0)]
    public PciOpCode Command;

    /// <summary>The answer's status; whatever was there in a request.</summary>
    [FieldOffset(4)]
    public PciOpStatus Error;

    /// <summary>Segment as the guest sees it.</summary>
    [FieldOffset(8)]
    public uint Domain;

    /// <summary>Bus as the guest sees it; any 32 bits.</summary>
    [FieldOffset(12)]
    public uint Bus;

    /// <summary>(slot &lt;&lt; 3) | function as the guest sees it; any 32 bits.</summary>
    [FieldOffset(16)]
    public uint Devfn;

    /// <summary>Offset in configuration space; any 32 bits, negative ones too.</summary>
    [FieldOffset(20)]
    public int Offset;

    /// <summary>Bytes: legal are 1, 2 and 4; any 32 bits.</summary>
    [FieldOffset(24)]
    public int Size;

    /// <summary>Value to write, value read, pirq, or the number of MSI-X entries.</summary>
    [FieldOffset(28)]
    public uint Value;

    /// <summary>Number of vectors; multi-MSI only.</summary>
    [FieldOffset(32)]
    public uint Info;

    /// <summary>
    /// Whether two snapshots are the same request, as far as the protocol (which has no sequence number) lets one tell: code, address,
    /// offset and size; for writes and MSI-X also the value, for multi-MSI the number wanted.
    /// </summary>
    /// <param name="other">The other one.</param>
    /// <returns>False when they certainly differ.</returns>
    public readonly bool IsSameRequestAs(in PciOpRequest other) =>
        Command == other.Command && Devfn == other.Devfn && Offset == other.Offset && Size == other.Size
        && Bus == other.Bus && Domain == other.Domain
        && (Value == other.Value || !(Command is PciOpCode.ConfigWrite or PciOpCode.EnableMsix))
        && (Info == other.Info || Command != PciOpCode.EnableMultiMsi);
}
