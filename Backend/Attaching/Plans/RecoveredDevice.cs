using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>One device as an earlier daemon left it.</summary>
/// <param name="Recovery">Its guest.</param>
/// <param name="Device">Which.</param>
/// <param name="Entries">What the journal says of it.</param>
/// <param name="Keys">What its guest's directory says of it; null when nothing, or when the guest does not live.</param>
internal sealed record RecoveredDevice(Recovery Recovery, PciAddress Device, IReadOnlyList<JournalEntry> Entries, DeviceKeys? Keys)
{
    /// <summary>What the journal says of its keys; null when they were not yet announced.</summary>
    public JournalEntry? Announced => Entries.FirstOrDefault(static entry => entry.Grant.Kind == GrantKind.Nodes);

    /// <summary>Whether xl attached it, and this daemon's predecessor was just detaching it.</summary>
    public bool IsForeign => Announced?.Owner == GrantOwner.Toolstack;

    /// <summary>Whether everything was granted and offered. That the keys are written shows in them.</summary>
    public bool IsWhole => Announced is not null && Keys is not null && Entries.All(static entry => entry.IsDone || entry.Grant.Kind == GrantKind.Nodes);

    /// <summary>Whether its guest was asked for it.</summary>
    public bool IsAskedFor => Keys?.State == XenbusState.Closing;
}
