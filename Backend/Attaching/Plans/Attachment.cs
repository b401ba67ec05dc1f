using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Devices on their way to a guest: what the plan of an attach works on, and what one step finds out for the next. On the guest's queue.</summary>
/// <param name="services">What it acts through.</param>
/// <param name="reservations">Who works on which device.</param>
/// <param name="request">What is asked for.</param>
internal sealed class Attachment(ToolstackServices services, DeviceReservations reservations, AttachRequest request) : IDisposable
{
    private IDisposable? _reserved;

    public ToolstackServices Services => services;

    public AttachRequest Request => request;

    /// <summary>To whom.</summary>
    public DomainLife Life { get; set; }

    /// <summary>What: held, and nobody's.</summary>
    public IReadOnlyList<HeldDevice> Devices { get; set; } = [];

    public PciAddress[] Addresses => [.. Devices.Select(static device => device.Address)];

    /// <summary>What the journal says of the devices' keys.</summary>
    public List<JournalEntry> Keys { get; } = [];

    /// <summary>What the guest was found doing when the keys were written.</summary>
    public KeysWritten Written { get; set; }

    /// <summary>What the guest has of them in the end.</summary>
    public IReadOnlyList<AttachedDevice> Attached { get; set; } = [];

    /// <summary>Reserves the devices until this ends.</summary>
    public void Reserve() => _reserved = reservations.Take(request.DomainId, Addresses);

    /// <summary>The guest that a request attaches a device to, or detaches it from; null for none.</summary>
    public int? OnTheWay(PciAddress device) => reservations.DomainOf(device);

    public void Dispose() => _reserved?.Dispose();
}
