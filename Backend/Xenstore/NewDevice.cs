using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>A device about to be written into a backend directory.</summary>
/// <param name="Host">The host's function.</param>
/// <param name="Options">What the toolstack wants for it, <c>key=value</c> pairs separated by commas.</param>
/// <param name="RequestedDevfn">Where the guest should see it; null for anywhere. libxl has no word for slot 0: its 0 is anywhere, and is not written.</param>
/// <param name="Name">The name it was attached by, or null.</param>
public sealed record NewDevice(PciAddress Host, string Options, byte? RequestedDevfn = null, string? Name = null);
