using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>A row of the table of refusals.</summary>
/// <param name="Code">Its stable name.</param>
/// <param name="Weight">What it weighs unless a policy says otherwise.</param>
/// <param name="Find">The reasons it sees for one function, for people; none when it has nothing against it.</param>
internal sealed record RefusalRule(string Code, RefusalWeight Weight, Func<HostSnapshot, HostFunction, IEnumerable<string>> Find)
{
    /// <summary>What <see cref="Find"/> read, with the values, for people; asked only when it found something.</summary>
    public required Func<HostSnapshot, HostFunction, string> Evidence { get; init; }

    /// <summary>What a person can do about it besides insisting; null where the reasons say it.</summary>
    public string? Remedy { get; init; }
}
