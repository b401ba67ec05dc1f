using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// What xenstore says about one guest, read at one moment: the input of <see cref="GuestLifecycle"/>. Later readings may
/// differ; whoever acts on it writes under the rules of a state switch.
/// </summary>
public sealed record GuestNode
{
    /// <summary>Upper bound of <c>num_devs</c>: one bus has 32 slots of 8 functions.</summary>
    public const int MaxDevices = 256;

    /// <summary>Whether the backend directory exists.</summary>
    public required bool Exists { get; init; }

    /// <summary>The backend's own <c>state</c> key as stored: the toolstack writes it too.</summary>
    public XenbusState Backend { get; init; }

    /// <summary>The frontend's <c>state</c> key.</summary>
    public XenbusState Frontend { get; init; }

    /// <summary>Whether the toolstack wants the guest served again after a close (<c>online</c> is exactly 1).</summary>
    public bool Online { get; init; }

    /// <summary>Whether the frontend's page or port differ from those attached; false when nothing is attached.</summary>
    public bool FrontendKeysChanged { get; init; }

    /// <summary>The devices, in order of N; empty when <see cref="DevicesError"/> is set.</summary>
    public IReadOnlyList<DeviceNode> Devices { get; init; } = [];

    /// <summary>
    /// Functions the guest has whose <c>dev-N</c> the toolstack removed without asking the guest (libxl after a time-out, a detach by
    /// force): found within one transaction, because renumbering moves the others.
    /// </summary>
    public IReadOnlyList<PciAddress> Withdrawn { get; init; } = [];

    /// <summary>Why <c>num_devs</c> cannot be used (missing, not a number, above <see cref="MaxDevices"/>); null when it can.</summary>
    public string? DevicesError { get; init; }

    /// <summary>What the hypervisor says about the guest's domain.</summary>
    public DomainStanding Domain { get; init; }

    /// <summary>Why <c>frontend</c> or <c>frontend-id</c> cannot be used; null when they can.</summary>
    public string? FrontendError { get; init; }
}
