namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>One reason against giving a device to a guest.</summary>
/// <param name="Code">The rule's stable name: <c>in-use</c>, <c>shared-page</c>.</param>
/// <param name="Weight">How much it weighs.</param>
/// <param name="Text">For people, without the device's address: <c>disk sda is mounted at /</c>.</param>
public sealed record DeviceRefusal(string Code, RefusalWeight Weight, string Text)
{
    /// <summary>What it was read from, and what stood there: <c>/proc/swaps: /dev/sda2</c>; null where nothing was read.</summary>
    public string? Evidence { get; init; }

    /// <summary>What a person can do about it besides insisting, as a sentence without its end; null where the text says it.</summary>
    public string? Remedy { get; init; }
}
