using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>A device on its way between the host and custody: what the plans for it work on, and what one step finds out for the next. One thread's.</summary>
/// <param name="host">Who acts on the host.</param>
/// <param name="record">What is known of it.</param>
internal sealed class Transfer(HostControls host, HeldRecord record) : IDisposable
{
    public HostControls Host { get; } = host;

    public HeldRecord Record { get; set; } = record;

    public PciAddress Address => Record.Address;

    /// <summary>Its registers; null when it is not there, or is not ours to touch.</summary>
    public SysfsFunction? Registers { get; set; }

    /// <summary>What was known of it before; null when it was never held.</summary>
    public HeldRecord? Earlier { get; init; }

    /// <summary>The host as it was when this began; of a device that is taken.</summary>
    public HostSnapshot? Snapshot { get; init; }

    /// <summary>Its driver when this began; null when it had none.</summary>
    public string? Driver { get; init; }

    /// <summary>Whether a person insists.</summary>
    public bool IsForced { get; init; }

    /// <summary>What a person should know.</summary>
    public List<string> Warnings { get; init; } = [];

    public void Dispose() => Registers?.Dispose();
}
