namespace PciBackFlow.Pci.Captures;

/// <summary>What a capture does not say of a region, so that it is assumed.</summary>
/// <param name="Index">0–5 a BAR, 6 the ROM.</param>
/// <param name="Length">Its length in bytes, as taken.</param>
/// <param name="IsLength">Whether the length is assumed.</param>
/// <param name="IsPlace">Whether the register is: a dump of <c>lspci -v</c> does not number regions that no register holds.</param>
public sealed record RegionAssumption(int Index, ulong Length, bool IsLength, bool IsPlace)
{
    private const int Rom = 6;

    /// <summary>The register's name: <c>BAR0</c> to <c>BAR5</c>, <c>Expansion ROM</c>.</summary>
    public string Register => Index == Rom ? "Expansion ROM" : $"BAR{Index}";

    /// <summary>For people, one line.</summary>
    /// <returns>What is assumed, and why.</returns>
    public override string ToString()
    {
        string length = $"{Register}: the capture does not say its size, {Length} bytes are assumed";
        return (IsLength, IsPlace) switch
        {
            (true, true) => $"{length}; nor which register it is, this one is assumed",
            (true, false) => length,
            _ => $"{Register}: the capture does not say which register this region is, this one is assumed",
        };
    }
}
