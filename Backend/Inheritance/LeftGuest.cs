using System.Text.Json.Serialization;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Inheritance;

/// <summary>A guest that this backend connected, as the next daemon finds it: by what it is told from another, and what was mapped and bound for it.</summary>
/// <param name="Format">The form of this document: <see cref="CurrentFormat"/>. Members that a later program adds are ignored by this one.</param>
/// <param name="Boot">The host's boot.</param>
/// <param name="DomainId">The guest's id.</param>
/// <param name="Handle">Its UUID: ids come back.</param>
/// <param name="DeviceId">The number of its directory.</param>
/// <param name="PageReference">The page's grant reference, as the frontend wrote it.</param>
/// <param name="EventChannel">The frontend's port, likewise.</param>
/// <param name="Magic">The protocol's version, likewise.</param>
/// <param name="Failed">The host addresses of functions whose errors the guest has not got over; not there for none.</param>
internal sealed record LeftGuest(
    int Format, string Boot, int DomainId, Guid Handle, int DeviceId, string? PageReference, string? EventChannel, string? Magic,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Failed = null)
{
    /// <summary>The form that this program writes, and the only one it reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Which life it is.</summary>
    [JsonIgnore]
    public DomainLife Life => new(DomainId, Handle);

    /// <summary>The frontend's keys that it was connected by.</summary>
    [JsonIgnore]
    public FrontendKeys Keys => new(PageReference, EventChannel, Magic);

    /// <summary>What <see cref="Failed"/> names.</summary>
    public IReadOnlyList<PciAddress> FailedDevices()
    {
        List<PciAddress> devices = [];
        foreach (string text in Failed ?? [])
        {
            if (PciAddress.TryParse(text, out PciAddress device))
            {
                devices.Add(device);
            }
        }

        return devices;
    }

    /// <summary>What is left of a guest.</summary>
    /// <param name="boot">The host's boot.</param>
    /// <param name="guest">Which directory.</param>
    /// <param name="life">Which life.</param>
    /// <param name="keys">What it was connected by.</param>
    /// <param name="failed">What it has not got over.</param>
    /// <returns>The document.</returns>
    public static LeftGuest Of(string boot, GuestId guest, DomainLife life, FrontendKeys keys, IReadOnlyList<PciAddress> failed) => new(
        CurrentFormat, boot, life.DomainId, life.Handle, guest.DeviceId, keys.PageReference, keys.EventChannel, keys.Magic,
        failed.Count == 0 ? null : [.. failed.Select(static device => device.ToString())]);
}
