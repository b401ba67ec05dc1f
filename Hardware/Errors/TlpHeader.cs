namespace PciBackFlow.Hardware.Errors;

/// <summary>The Header Log of an error (PCI Express Base 3.0 §7.10.8): the first four words of the transaction that failed.</summary>
/// <param name="First">Format, type, length.</param>
/// <param name="Second">Requester, tag, byte enables.</param>
/// <param name="Third">Address or completer.</param>
/// <param name="Fourth">The rest.</param>
public readonly record struct TlpHeader(uint First, uint Second, uint Third, uint Fourth)
{
    /// <summary>Whether nothing was logged.</summary>
    public bool IsEmpty => (First | Second | Third | Fourth) == 0;

    /// <inheritdoc/>
    public override string ToString() => $"{First:x8} {Second:x8} {Third:x8} {Fourth:x8}";
}
