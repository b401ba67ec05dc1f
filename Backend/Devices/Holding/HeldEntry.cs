using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Devices.State;

namespace PciBackFlow.Backend.Devices.Holding;

/// <summary>One device that is held, was, or is about to be. Everything but what is shown is changed under its gate only.</summary>
internal sealed class HeldEntry
{
    public Lock Gate { get; } = new();

    /// <summary>Who has it on its way to a guest or back; needs no gate.</summary>
    public CustodyPins Pins { get; } = new();

    /// <summary>What is held; null when it isn't. Written by <see cref="HeldEntries.Show"/>, under the list's lock too.</summary>
    public HeldRecord? Record { get; set; }

    /// <summary>What callers see. Read and written under the list's lock.</summary>
    public HeldDevice? Shown { get; set; }

    /// <summary>The guest that has claimed it.</summary>
    public int? Owner { get; set; }

    /// <summary>Its registers in that guest's hands.</summary>
    public HeldFunction? Function { get; set; }

    /// <summary>Why no guest can have it now; null when one can.</summary>
    public string? Unusable { get; set; }

    /// <summary>Its settings in a guest's hands when the host went to sleep.</summary>
    public ConfigSnapshot? BeforeSleep { get; set; }

    /// <summary>
    /// Whether no guest could reach it when it was reset, and none claimed it since; false after a restart, when nobody knows. One that
    /// never claims, because QEMU serves it, leaves it true: enough for what a guest need not be cleaned of, not for the host.
    /// </summary>
    public bool IsClean { get; set; }

    /// <summary>
    /// Whether it was reset since a guest last claimed it: it writes to nobody's memory, though its guest may
    /// still reach it. False after a restart.
    /// </summary>
    public bool IsQuiet { get; set; }
}
