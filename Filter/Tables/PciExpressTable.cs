using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// PCI Express (PCI Express Base 3.0 §7.8). Capability registers are HwInit or read-only and come from the shadow, but for Link
/// Capabilities, whose exit latencies follow the clock configuration (§7.8.6).
/// </summary>
internal static class PciExpressTable
{
    // What an operating system tunes by the path between function and root, which a guest does not see; vfio answers the same (vfio_pci_config.c,
    // init_pci_cap_exp_perm) but for the tags: a payload that the path does not take breaks the link.
    private const uint Tuning = PciExpressRegisters.MaxPayload | PciExpressRegisters.MaxReadRequest | PciExpressRegisters.ExtendedTagEnable;
    private const uint DeviceErrors = 0x004F;
    private const uint LinkEvents = 0xC000;
    private const uint SlotEvents = 0x011F;
    private const uint RootPme = 0x0001_0000;
    private const uint LinkEvents2 = 0x8020;
    private const int FirstSizeWithoutLink = 0x0C;
    private const int FirstSizeWithLink = 0x14;
    private const int FirstSizeWithSlot = 0x1C;
    private const int FirstSizeOfRoot = 0x24;
    private const int SecondSize = 0x3C;

    internal static RegisterDefinition[] Rows(ReadOnceConfigSpace image, int at, bool resets, MapSettings settings)
    {
        uint capabilities = image.Read(at + PciExpressRegisters.Capabilities, 2);
        int size = SizeOf(capabilities);
        bool hasReset = (image.Read(at + PciExpressRegisters.DeviceCapabilities, 4) & PciExpressRegisters.FunctionLevelReset) != 0;
        uint reset = hasReset ? PciExpressRegisters.InitiateFunctionLevelReset : 0;
        RegisterDefinition[] all =
        [
            CapabilityHeaders.Standard("PCIe"),
            new("PCIe Capabilities", PciExpressRegisters.Capabilities, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.2") { Shadow = All },
            new("PCIe Device Capabilities", PciExpressRegisters.DeviceCapabilities, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.3") { Shadow = All },
            new("PCIe Device Control", PciExpressRegisters.DeviceControl, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.4")
            {
                Denied = reset,
                Answered = (settings & MapSettings.AnsweredTuning) != 0 ? Tuning : 0,
                EffectMask = resets ? reset : 0,
                Effect = PlanAction.FunctionLevelReset,
                Note = ControlNote(hasReset, resets, settings),
            },
            new("PCIe Device Status", PciExpressRegisters.DeviceStatus, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.5") { Rw1c = DeviceErrors },
            new("PCIe Link Capabilities", PciExpressRegisters.LinkCapabilities, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.6"),
            new("PCIe Link Control", PciExpressRegisters.LinkControl, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.7"),
            new("PCIe Link Status", PciExpressRegisters.LinkStatus, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.8") { Rw1c = LinkEvents },
            new("PCIe Slot Capabilities", PciExpressRegisters.SlotCapabilities, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.9") { Shadow = All },
            new("PCIe Slot Control", PciExpressRegisters.SlotControl, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.10"),
            new("PCIe Slot Status", PciExpressRegisters.SlotStatus, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.11") { Rw1c = SlotEvents },
            new("PCIe Root Control", PciExpressRegisters.RootControl, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.12"),
            new("PCIe Root Capabilities", PciExpressRegisters.RootCapabilities, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.13") { Shadow = All },
            new("PCIe Root Status", PciExpressRegisters.RootStatus, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.14") { Rw1c = RootPme },
            new("PCIe Device Capabilities 2", PciExpressRegisters.DeviceCapabilities2, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.15") { Shadow = All },
            new("PCIe Device Control 2", PciExpressRegisters.DeviceControl2, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.16"),
            new("PCIe Device Status 2", PciExpressRegisters.DeviceStatus2, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.17"),
            new("PCIe Link Capabilities 2", PciExpressRegisters.LinkCapabilities2, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.18") { Shadow = All },
            new("PCIe Link Control 2", PciExpressRegisters.LinkControl2, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.19"),
            new("PCIe Link Status 2", PciExpressRegisters.LinkStatus2, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.20") { Rw1c = LinkEvents2 },
            new("PCIe Slot Capabilities 2", PciExpressRegisters.SlotCapabilities2, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.21") { Shadow = All },
            new("PCIe Slot Control 2", PciExpressRegisters.SlotControl2, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.22"),
            new("PCIe Slot Status 2", PciExpressRegisters.SlotStatus2, 2, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.8.23"),
        ];
        return Array.FindAll(all, row => row.Offset + row.Size <= size);
    }

    // Version 1 ends where the function's kind has no more registers; version 2 always has all of them.
    private static int SizeOf(uint capabilities)
    {
        if ((capabilities & PciExpressRegisters.Version) >= 2)
        {
            return SecondSize;
        }

        uint type = (capabilities & PciExpressRegisters.DeviceType) >> 4;
        if (type is PciExpressRegisters.TypeRootPort or PciExpressRegisters.TypeEventCollector)
        {
            return FirstSizeOfRoot;
        }

        if ((capabilities & PciExpressRegisters.SlotImplemented) != 0 || type == PciExpressRegisters.TypeDownstreamPort)
        {
            return FirstSizeWithSlot;
        }

        return type == PciExpressRegisters.TypeIntegratedEndpoint ? FirstSizeWithoutLink : FirstSizeWithLink;
    }

    private static string ControlNote(bool hasReset, bool resets, MapSettings settings)
    {
        string reset = !hasReset ? string.Empty
            : resets ? "Initiate Function Level Reset is carried out by the host"
            : $"Initiate Function Level Reset is {Unless(settings)} unless function reset is allowed";
        if ((settings & MapSettings.AnsweredTuning) == 0)
        {
            return reset;
        }

        const string Tuned = "payload size, read request size and extended tags read as written and stay the host's (answer_tuning)";
        return reset.Length == 0 ? Tuned : $"{Tuned}, {reset}";
    }

    private static string Unless(MapSettings settings) => (settings & MapSettings.SayDenied) != 0 ? "refused" : "dropped";
}
