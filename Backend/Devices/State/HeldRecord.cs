using System.Text.Json.Serialization;
using PciBackFlow.Backend.Devices.Identity;
using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.State;

/// <summary>What has to be known of a device that was taken, in order to hold it, to clean it, and to give it back. Immutable.</summary>
/// <param name="Address">Its address on the host.</param>
/// <param name="Identity">Which card it is.</param>
/// <param name="BootId">The boot in which it was taken: a later one has forgotten everything but this record.</param>
internal sealed record HeldRecord(PciAddress Address, DeviceIdentity Identity, string BootId)
{
    /// <summary>A person's name for it.</summary>
    public string? Name { get; init; }

    /// <summary>The driver it was taken from.</summary>
    public string? OriginalDriver { get; init; }

    /// <summary>What <c>driver_override</c> was.</summary>
    public string? OriginalOverride { get; init; }

    /// <summary>Whether it was hidden from the host's drivers before it was taken: then undoing its taking leaves it hidden.</summary>
    public bool WasHidden { get; init; }

    /// <summary>Attributes that were changed, with what they were; in the order in which they were changed.</summary>
    public IReadOnlyList<ChangedAttribute> Changed { get; init; } = [];

    /// <summary>Whether we counted its <c>enable</c> up.</summary>
    public bool IsEnabled { get; init; }

    /// <summary>The line interrupt captured while its messages were off; 0 for none.</summary>
    public int Line { get; init; }

    /// <summary>Whether Xen was told about its MSI-X table.</summary>
    public bool IsMsixPrepared { get; init; }

    /// <summary>Its settings when its driver had let go; null while it is being taken.</summary>
    public ConfigSnapshot? Original { get; init; }

    /// <summary>Its settings as guests get it; null while it is being taken.</summary>
    public ConfigSnapshot? Clean { get; init; }

    /// <summary>What was said when it was taken, but did not stop it.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Whether a person accepted that the kernel fails to reset it.</summary>
    public bool IsResetOptional { get; init; }

    /// <summary>Whether a person accepted that drivers of the host listen on its line.</summary>
    public bool IsLineAccepted { get; init; }

    /// <summary>Whether it was taken wholly. A record without it is an intent whose program died.</summary>
    [JsonIgnore]
    public bool IsComplete => Clean is not null;
}
