using System.Text.Json.Serialization;
using PciBackFlow.Backend.Domains;

namespace PciBackFlow.Backend.Inheritance;

/// <summary>A recovery that is under way with a guest, as the next daemon finds it.</summary>
/// <param name="Format">The form of this document: <see cref="LeftGuest.CurrentFormat"/>.</param>
/// <param name="Boot">The host's boot.</param>
/// <param name="DomainId">The guest's id.</param>
/// <param name="Handle">Its UUID.</param>
/// <param name="DeviceId">The number of its directory.</param>
/// <param name="Phase">Which step was being taken: its name.</param>
/// <param name="Channel">What drivers were told of the channel.</param>
/// <param name="Devices">The host addresses of the functions that are concerned.</param>
/// <param name="Reporting">Of those, which reported errors.</param>
internal sealed record LeftRecovery(
    int Format, string Boot, int DomainId, Guid Handle, int DeviceId, string Phase, int Channel, IReadOnlyList<string> Devices, IReadOnlyList<string> Reporting)
{
    /// <summary>Which life it is.</summary>
    [JsonIgnore]
    public DomainLife Life => new(DomainId, Handle);
}
