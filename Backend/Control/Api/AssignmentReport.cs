
using System.Text.Json.Serialization;
using PciBackFlow.Backend.Attaching;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>A device of a guest, as <c>pci-list</c> shows it.</summary>
/// <param name="Domain">The guest.</param>
/// <param name="Host">Its host address.</param>
/// <param name="Guest">Where the guest sees it; null until it is published.</param>
/// <param name="State">In words: <c>offered</c>, <c>connected</c>, <c>leaving</c>, <c>failed: REASON</c>.</param>
/// <param name="Ours">Whether this daemon granted it; false: xl did, and xl revokes it.</param>
public sealed record AssignmentReport(int Domain, string Host, string? Guest, string State, bool Ours)
{
    private const string Connected = "connected";

    /// <summary>Whether the guest's frontend has it.</summary>
    [JsonIgnore]
    public bool IsConnected => State == Connected;

    /// <summary>Describes an assignment.</summary>
    /// <param name="device">The guest's device.</param>
    /// <returns>The report.</returns>
    public static AssignmentReport Of(AttachedDevice device) =>
        new(device.DomainId, device.Host.ToString(), device.Guest?.ToString(), NameOf(device), device.IsOurs);

    private static string NameOf(AttachedDevice device) => device.State switch
    {
        AttachmentState.Offered => "offered",
        AttachmentState.Connected => Connected,
        AttachmentState.Leaving => "leaving",
        _ => $"failed: {device.Failure}",
    };
}
