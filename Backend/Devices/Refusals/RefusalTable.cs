using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// Everything that speaks against giving a function to a guest. Code: the rule's stable name. Weight: impossible (fails), forbidden (refused, whoever insists),
/// judgement (refused unless a person insists), warning (said). A policy can move judgement and warning rules.
/// </summary>
internal static class RefusalTable
{
    /// <summary>The rule that is looked at again whenever a virtual function is given away: <see cref="PhysicalFunctionRule"/>.</summary>
    public const string PhysicalFunction = "physical-function";

    /// <summary>The rule that is looked at again when the line is known, and whenever a device is handed on: <see cref="SharedLineRule"/>.</summary>
    public const string SharedLine = "shared-line";

    /// <summary>The rule that is looked at whenever a device is handed on: <see cref="FormerGuestRule"/>.</summary>
    public const string FormerGuest = "former-guest";

    /// <summary>What is said of a device that a guest has.</summary>
    public const string Attached = "attached";

    private const uint BridgeClass = 0x06;
    private const HeaderKind NoHeader = (HeaderKind)0x7F;
    private const string NoAnswerText = "it does not answer (all ones): it was unplugged, or has no power";

    // Source Validation, P2P Request Redirect, P2P Completion Redirect, Upstream Forwarding: what Linux asks of a multi-function
    // device's functions before it calls them isolated (REQ_ACS_FLAGS, drivers/iommu/iommu.c; bits of PCI Express Base 3.0 §7.16.2).
    private const uint IsolationFlags = 0x001D;

    /// <summary>The rules, in the order in which equally heavy reasons are told.</summary>
    public static RefusalRule[] Rules { get; } =
    [
        new("gone", RefusalWeight.Impossible, static (_, function) => IsGone(function) ? [NoAnswerText] : [])
        {
            Evidence = Header,
            Remedy = "Look for it in the slot, and let the kernel look anew (echo 1 > /sys/bus/pci/rescan)",
        },
        new("segment", RefusalWeight.Impossible, static (_, function) => OfAddress(function.Address).Select(static refusal => refusal.Text))
        {
            Evidence = static (_, function) => $"its address: {function.Address}",
            Remedy = "Switch Intel VMD off in the firmware, or give away its controller as a whole",
        },
        new("header", RefusalWeight.Impossible, static (_, function) => Texts(function, RefusalWeight.Impossible)) { Evidence = Header },
        new("owned", RefusalWeight.Impossible, static (host, function) => Owned(host, function))
        {
            Evidence = static (_, _) => "XEN_DOMCTL_test_assign_device",
            Remedy = "Detach it from the guest that has it (xl pci-detach, pcibackflow pci-detach)",
        },
        new("held-functions", RefusalWeight.Impossible, static (host, function) => host.Bus.VirtualFunctionsOf(function.Address)
            .Where(host.IsSetAside).Select(static held => $"its virtual function {held} is held for guests and needs it: give that back first"))
        {
            Evidence = static (host, function) => $"{host.Bus.FileOf(function.Address, "virtfn*")}, and their driver_override",
        },
        new(
            PhysicalFunction, RefusalWeight.Impossible,
            static (host, function) => PhysicalFunctionRule.Find(host.Bus, function.Address) is { } reason ? [reason] : [])
        {
            Evidence = static (host, function) => $"{host.Bus.FileOf(function.PhysicalFunction!.Value, "config")}: Command, SR-IOV Control",
            Remedy = "Bind the driver of its physical function again, and let it make the virtual ones anew (sriov_numvfs)",
        },
        new("bridge", RefusalWeight.Forbidden, static (_, function) => Texts(function, RefusalWeight.Forbidden)) { Evidence = Header },

        // A host or ISA bridge is the chipset; some devices of base class 06h are not, which a person can know.
        new("chipset", RefusalWeight.Judgement, static (_, function) => Texts(function, RefusalWeight.Judgement))
        {
            Evidence = static (host, function) =>
                string.Create(CultureInfo.InvariantCulture, $"{host.Bus.FileOf(function.Address, "class")}: 0x{function.ClassCode:x6}"),
        },
        new("in-use", RefusalWeight.Judgement, static (host, function) => host.Uses.Of(function.Address))
        {
            Evidence = static (host, function) => string.Join("; ", host.Uses.EvidenceOf(function.Address)),
        },
        new(
            "virtual-functions", RefusalWeight.Judgement,
            static (host, function) => host.Bus.VirtualFunctionsOf(function.Address) is { Count: > 0 } found && !found.Any(host.IsSetAside)
            ? [$"it has {found.Count} virtual functions, which vanish with its driver"] : [])
        {
            Evidence = static (host, function) => host.Bus.FileOf(function.Address, "virtfn*"),
        },
        new("physical-function-held", RefusalWeight.Judgement, static (host, function) => function.PhysicalFunction is { } physical && host.IsSetAside(physical)
            ? [$"its physical function {physical} is held for guests, and whoever has that controls this one"] : [])
        {
            Evidence = static (host, function) => $"{host.Bus.FileOf(function.PhysicalFunction!.Value, "driver_override")}: {HostSnapshot.SetAside}",
        },
        new("siblings", RefusalWeight.Judgement, static (host, function) => Siblings(host, function))
        {
            Evidence = static (host, function) => $"{host.Bus.FileOf(function.Address, "config")}: no ACS, or not all of it switched on; drivers of its slot",
        },
        new("iommu-group", RefusalWeight.Judgement, static (host, function) => Group(host, function))
        {
            Evidence = static (_, _) => "XEN_DOMCTL_get_device_group",
        },
        new("shared-page", RefusalWeight.Judgement, static (host, function) => SharedPages(host, function))
        {
            Evidence = static (host, function) => $"{host.Bus.FileOf(function.Address, "resource")}, and those of other functions",
        },
        new("no-iommu", RefusalWeight.Judgement, static (host, _) => host.Domains is { CanAssignDevices: false }
            ? ["Xen uses no IOMMU: the device could be told to write anywhere in the host's memory"] : [])
        {
            Evidence = static (_, _) => "XEN_SYSCTL_physinfo: no directio capability",
        },

        // A device that may write to memory may write to 0xFEExxxxx, which is an interrupt (XSA-3, XSA-49). Without an IOMMU that is the least of it.
        new(
            "no-interrupt-remapping", RefusalWeight.Judgement,
            static (host, _) => host.Domains is { CanAssignDevices: true } && host.RemapsInterrupts == false
            ? ["Xen does not remap interrupts: the device could be told to send any interrupt to any of the host's processors"] : [])
        {
            Evidence = static (_, _) => "PHYSDEVOP_map_pirq of two MSI vectors: EOPNOTSUPP",
            Remedy = "Enable interrupt remapping (of VT-d or AMD-Vi) in the firmware, and boot Xen without iommu=no-intremap",
        },
        new(
            "unknown-interrupt-remapping", RefusalWeight.Warning,
            static (host, _) => host.Domains is { CanAssignDevices: true } && host.RemapsInterrupts is null
            ? ["Xen does not say whether it remaps interrupts (what xl dmesg shows after its boot does: Interrupt remapping enabled): without, the "
                + "device could be told to send any interrupt to any of the host's processors"] : [])
        {
            Evidence = static (_, _) => "PHYSDEVOP_map_pirq of two MSI vectors: neither EOPNOTSUPP nor ENODEV",
        },

        // Quarantine holds a device whoever may still reach it: taking one is never wrong for that. Handing it on is.
        new(FormerGuest, RefusalWeight.Judgement, static (_, _) => []) { Evidence = static (_, _) => FormerGuestRule.Evidence },

        // Of the line of a device in a guest's hands nobody is sure any more. That it is in nobody's hands is no reason: who else has its line by then is
        // looked for again when a guest gets it.
        new(SharedLine, RefusalWeight.Judgement, static (host, function) => host.Lines.Others(function.Irq, function, host.Functions, host.Bus)
            .Select(SharedLineRule.Describe))
        {
            Evidence = static (host, function) =>
                string.Create(CultureInfo.InvariantCulture, $"{host.Bus.FileOf(function.Address, "irq")}: {function.Irq}; {host.Proc}/interrupts"),
            Remedy = SharedLineRule.Remedy,
        },
        new("no-reset", RefusalWeight.Warning, static (_, function) => function.CanReset || function.ResetMethods.Count > 0
            ? [] : ["the kernel cannot reset it: what one guest leaves in it the next one finds"])
        {
            Evidence = static (host, function) => $"{host.Bus.FileOf(function.Address, "reset_method")}: none; no file reset",
        },
    ];

    /// <summary>The codes whose weight a policy can change.</summary>
    public static IEnumerable<string> Adjustable => Rules.Where(static rule => rule.Weight <= RefusalWeight.Judgement).Select(static rule => rule.Code);

    /// <summary>The rule of a code.</summary>
    public static RefusalRule Of(string code) => Array.Find(Rules, rule => rule.Code == code)!;

    /// <summary>What the address says.</summary>
    public static IEnumerable<DeviceRefusal> OfAddress(PciAddress address) => XenSegments.Know(address)
        ? []
        : [new("segment", RefusalWeight.Impossible, $"its segment is {address.Domain:x}: {XenSegments.Rule}, so that no guest can be given it")];

    /// <summary>What the header says.</summary>
    public static IEnumerable<DeviceRefusal> OfHeader(HeaderKind kind, uint classCode)
    {
        if (kind == HeaderKind.Bridge)
        {
            yield return new("bridge", RefusalWeight.Forbidden, "it is a PCI-to-PCI bridge");
        }
        else if (kind == HeaderKind.CardBus)
        {
            yield return new("header", RefusalWeight.Impossible, "it is a CardBus bridge");
        }
        else if (kind == NoHeader)
        {
            yield return new("gone", RefusalWeight.Impossible, NoAnswerText);
        }
        else if (kind != HeaderKind.Device)
        {
            yield return new("header", RefusalWeight.Impossible, "it is a function of an unknown header type");
        }
        else if (classCode >> 16 == BridgeClass)
        {
            yield return new("chipset", RefusalWeight.Judgement, "it is a bridge of the host's chipset");
        }
    }

    private static string Header(HostSnapshot host, HostFunction function) =>
        string.Create(CultureInfo.InvariantCulture, $"{host.Bus.FileOf(function.Address, "config")}: header type 0x{(int)function.Header:x2}");

    private static IEnumerable<string> Texts(HostFunction function, RefusalWeight weight) =>
        IsGone(function) ? [] : OfHeader(function.Header, function.ClassCode).Where(refusal => refusal.Weight == weight).Select(static refusal => refusal.Text);

    // The ids in sysfs are the kernel's memory of the device; only the registers tell that it is gone.
    private static bool IsGone(HostFunction function) => function.ReadableSize > 0 && function.Header == NoHeader;

    private static IEnumerable<string> Owned(HostSnapshot host, HostFunction function)
    {
        if (host.Domains is not { } domains)
        {
            return [];
        }

        try
        {
            return domains.IsAssignedToGuest(function.Address)
                ? ["Xen says that it belongs to another guest, or to Xen itself (a console), or that it does not know it"]
                : [];
        }
        catch (HypervisorException failure)
        {
            return [$"Xen did not say whose it is: {failure.Message}"];
        }
    }

    // Functions of one package can reach each other without the IOMMU seeing it, unless access control forbids it.
    private static IEnumerable<string> Siblings(HostSnapshot host, HostFunction function)
    {
        if (function.PhysicalFunction is not null || IsIsolated(host.Bus, function))
        {
            return [];
        }

        return host.Functions
            .Where(other => other.Address != function.Address && other.PhysicalFunction is null && other.Driver is not null
                && other.Address.SharesSlotWith(function.Address))
            .Select(static other => $"{other.Address} is in the same package and stays with the host ({other.Driver}); the IOMMU does not stand between them");
    }

    private static bool IsIsolated(SysfsBus bus, HostFunction function)
    {
        if (!function.Capabilities.TryFind(ExtendedCapabilityId.AccessControl, out PciCapability access))
        {
            return false;
        }

        using SysfsFunction? registers = bus.TryOpenToRead(function.Address);
        return registers is not null
            && registers.TryRead(access.Offset + AcsRegisters.Capability, 2, out uint capability)
            && registers.TryRead(access.Offset + AcsRegisters.Control, 2, out uint control)
            && (control & IsolationFlags & capability) == (IsolationFlags & capability);
    }

    private static IEnumerable<string> Group(HostSnapshot host, HostFunction function)
    {
        if (host.Domains is not { } domains)
        {
            return [];
        }

        IReadOnlyList<PciAddress> group;
        try
        {
            group = domains.GroupOf(0, function.Address);
        }
        catch (HypervisorException)
        {
            // Xen without this call tells no groups.
            return [];
        }

        return group.Where(other => other != function.Address && host.Find(other) is { Driver: not null, Header: HeaderKind.Device })
            .Select(other => $"the IOMMU cannot tell it from {other}, which stays with the host ({host.Find(other)!.Driver})");
    }

    // Functions that are set aside are no longer the host's; that two guests don't share a page is seen to when they get them.
    private static IEnumerable<string> SharedPages(HostSnapshot host, HostFunction function) => host.Functions
        .Where(other => other.Address != function.Address && !host.IsSetAside(other.Address))
        .SelectMany(other => MemoryPages.SharedBy(function.BaseAddresses, other.BaseAddresses).Take(1)
            .Select(page => $"its memory at 0x{page:x} shares a 4 KiB page with {other.Address}"));
}
