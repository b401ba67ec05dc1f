using System.Globalization;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Hiding;

/// <summary>Addresses in a hide list: a function, all functions of a slot, or a whole bus.</summary>
/// <param name="Domain">Segment.</param>
/// <param name="Bus">Bus.</param>
/// <param name="Slot">Slot, 0 to 0x1F; null for all.</param>
/// <param name="Function">Function, 0 to 7; null for all. Never given without a slot.</param>
public readonly record struct HidePattern(uint Domain, byte Bus, byte? Slot, byte? Function)
{
    /// <summary>Whether it names a function.</summary>
    /// <param name="address">The function.</param>
    /// <returns>True when it does.</returns>
    public bool Matches(PciAddress address) =>
        address.Domain == Domain && address.Bus == Bus
        && (Slot is null || address.Slot == Slot) && (Function is null || address.Function == Function);

    /// <summary>As the list writes it: <c>dddd:bb:ss.f</c>, <c>dddd:bb:ss.*</c> or <c>dddd:bb:*.*</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Domain:x4}:{Bus:x2}:{Slot?.ToString("x2", CultureInfo.InvariantCulture) ?? "*"}."
        + $"{Function?.ToString("x", CultureInfo.InvariantCulture) ?? "*"}");
}
