namespace PciBackFlow.Hardware.Pci.Captures;

/// <summary>One function of a capture.</summary>
/// <param name="Address">Its address where it was captured; 0000:00:00.0 for a binary file, which does not say.</param>
/// <param name="Description">The text behind the address in the dump, or empty.</param>
/// <param name="Bytes">Its configuration space from offset 0: 64 to 4096 bytes.</param>
/// <param name="Lengths">What the decoded text says its BARs (0–5) and ROM (6) decode, in bytes; 0 where it says nothing.</param>
public sealed record CapturedConfig(PciAddress Address, string Description, ReadOnlyMemory<byte> Bytes, IReadOnlyList<ulong> Lengths)
{
    /// <summary>
    /// Whether the bytes end elsewhere than a space does (64, 256, 4096): the capture is incomplete, and what is missing fails to read.
    /// </summary>
    public bool IsIncomplete => Bytes.Length is not (ConfigRegisters.HeaderSize or ConfigRegisters.StandardSize or ConfigRegisters.ExtendedSize);
}
