namespace PciBackFlow.Filter.Compile;

/// <summary>A function that cannot be given to a guest: its header is neither type 0 nor type 1 (CardBus), or it does not answer.</summary>
/// <param name="origin">The function, for people.</param>
/// <param name="headerType">Bits 6:0 of the header type; 0x7F when it does not answer.</param>
public sealed class UnsupportedFunctionException(string origin, byte headerType)
    : Exception(headerType == 0x7F ? $"{origin} does not answer." : $"{origin} has header type {headerType}; only devices (0) and bridges (1) are supported.")
{
    /// <summary>Bits 6:0 of the header type.</summary>
    public byte HeaderType { get; } = headerType;
}
