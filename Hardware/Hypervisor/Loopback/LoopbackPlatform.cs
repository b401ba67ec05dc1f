using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback;

/// <summary>What kind of machine a <see cref="LoopbackHost"/> is: its IOMMU and its interrupts.</summary>
public sealed record LoopbackPlatform
{
    /// <summary>Functions that the hypervisor was told of (PHYSDEVOP_pci_device_add); null: every function.</summary>
    public IReadOnlySet<PciAddress>? KnownFunctions { get; init; }

    /// <summary>Whether devices can be assigned to domains.</summary>
    public bool HasIommu { get; init; } = true;

    /// <summary>Whether the IOMMU, if there is one, can remap interrupts: only then more than one vector of plain MSI can be mapped.</summary>
    public bool HasInterruptRemapping { get; init; } = true;

    internal bool RemapsInterrupts => HasIommu && HasInterruptRemapping;

    /// <summary>Whether a device that leaves a guest goes to quarantine rather than to domain 0 (Xen's <c>iommu=quarantine</c>, its default).</summary>
    public bool QuarantinesAlways { get; init; } = true;

    /// <summary>How many line interrupts there are; pirqs of that number and above are for messages.</summary>
    public int Lines { get; init; } = 48;

    /// <summary>How many messages a guest can have mapped. Xen's own default is 32 (<c>extra_guest_irqs</c>).</summary>
    public int MessagesPerGuest { get; init; } = 256;

    /// <summary>The functions that the IOMMU can't tell apart from one, itself included; null: each is alone.</summary>
    public Func<PciAddress, IReadOnlyList<PciAddress>>? Groups { get; init; }
}
