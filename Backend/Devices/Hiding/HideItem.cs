using PciBackFlow.Backend.Selection;

namespace PciBackFlow.Backend.Devices.Hiding;

/// <summary>One item of a hide list: addresses in xen-pciback's words, or one device by a selector.</summary>
/// <param name="Pattern">The addresses; null when <paramref name="Selector"/> is given.</param>
/// <param name="Selector">The device; null when <paramref name="Pattern"/> is given.</param>
/// <param name="Text">The item as it was written, parentheses included.</param>
public readonly record struct HideItem(HidePattern? Pattern, DeviceSelector? Selector, string Text)
{
    /// <summary>Whether it names a function.</summary>
    /// <param name="candidate">The function.</param>
    /// <returns>True when it does.</returns>
    public bool Matches(DeviceCandidate candidate) => Pattern is { } pattern ? pattern.Matches(candidate.Address) : Selector!.Matches(candidate);

    /// <summary>As the list writes it.</summary>
    /// <returns>The text, in parentheses.</returns>
    public override string ToString() => $"({Pattern?.ToString() ?? Selector?.ToString()})";
}
