namespace PciBackFlow.Backend.Devices.Hiding;

/// <summary>Something in a hide list that is no item. The items around it hold.</summary>
/// <param name="Index">Index of the wrong character; the text's length when something is missing at its end.</param>
/// <param name="Item">The text that is skipped because of it.</param>
/// <param name="Reason">What is wrong, for people.</param>
public readonly record struct HideComplaint(int Index, string Item, string Reason)
{
    /// <summary>One line for a log.</summary>
    /// <returns>The item, the place and the reason.</returns>
    public override string ToString() => $"'{Item}' is skipped: {Reason} (character {Index + 1})";
}
