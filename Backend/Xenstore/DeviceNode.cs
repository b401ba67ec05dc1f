using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>The keys of one device in the backend directory (<c>dev-N</c> and its siblings).</summary>
/// <param name="Index">N, 0 to 255. Not an identity: the toolstack renumbers after a removal.</param>
/// <param name="Host">The host's function from <c>dev-N</c>; null when missing or unreadable.</param>
/// <param name="Text">The text of <c>dev-N</c>, for reports; null when missing.</param>
/// <param name="State"><c>state-N</c>; <see cref="XenbusState.Unknown"/> when missing, which skips the device in a reconfiguration.</param>
/// <param name="Guest">The address in <c>vdev-N</c>, which this backend or a predecessor published; null when missing.</param>
/// <param name="RequestedDevfn"><c>vdevfn-N</c>; null when missing or unreadable.</param>
public sealed record DeviceNode(int Index, PciAddress? Host, string? Text, XenbusState State, PciAddress? Guest, byte? RequestedDevfn)
{
    /// <summary>What the toolstack wants for it (<c>opts-N</c>); null when it says nothing.</summary>
    public ToolstackOptions? Options { get; init; }
}
