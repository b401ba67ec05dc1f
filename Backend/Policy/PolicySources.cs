using PciBackFlow.Backend.Selection;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Backend.Policy;

/// <summary>What the places outside xenstore say about guests' policies, for all functions.</summary>
public sealed record PolicySources
{
    /// <summary>What a verb's option says (<see cref="PolicyPlace.VerbOption"/>).</summary>
    public PolicyStatement VerbOption { get; init; } = PolicyStatement.Nothing;

    /// <summary>The general policy (<see cref="PolicyPlace.General"/>).</summary>
    public PolicyStatement General { get; init; } = PolicyStatement.Nothing;

    /// <summary>The devices that have an entry of their own (<see cref="PolicyPlace.DeviceEntry"/>).</summary>
    public DevicePolicies Devices { get; init; } = DevicePolicies.None;

    /// <summary>The functions of the host, for the selectors of <see cref="Devices"/>; none where only one function is looked at.</summary>
    public Func<IReadOnlyList<DeviceCandidate>> Present { get; init; } = static () => [];

    /// <summary>What is written into pciback's attributes; the one place that changes while guests are served (<see cref="PolicyPlace.Attributes"/>).</summary>
    public PcibackSettings Attributes { get; init; } = new();

    /// <summary>The quirks (<see cref="PolicyPlace.Quirks"/>).</summary>
    public QuirkParameter Quirks { get; init; } = QuirkParameter.None;
}
