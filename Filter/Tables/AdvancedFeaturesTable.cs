using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

/// <summary>Advanced Features (Conventional PCI Advanced Capabilities ECN): function level reset without PCI Express.</summary>
internal static class AdvancedFeaturesTable
{
    internal static RegisterDefinition[] Rows(ReadOnceConfigSpace image, int at, bool resets, MapSettings settings)
    {
        bool hasReset = (image.Read(at + AdvancedFeaturesRegisters.Capabilities, 1) & AdvancedFeaturesRegisters.FunctionLevelReset) != 0;
        uint reset = hasReset ? AdvancedFeaturesRegisters.InitiateFunctionLevelReset : 0;
        return
        [
            CapabilityHeaders.Standard("AF"),
            new("AF Length", AdvancedFeaturesRegisters.Length, 1, WriteRule.ReadOnly, "Advanced Capabilities ECN") { Shadow = All },
            new("AF Capabilities", AdvancedFeaturesRegisters.Capabilities, 1, WriteRule.ByPolicy, "Advanced Capabilities ECN") { Shadow = All },
            new("AF Control", AdvancedFeaturesRegisters.Control, 1, WriteRule.ByPolicy, "Advanced Capabilities ECN")
            {
                Denied = reset,
                EffectMask = resets ? reset : 0,
                Effect = PlanAction.FunctionLevelReset,
                Note = !hasReset
                    ? string.Empty
                    : $"Initiate FLR is {(resets ? "carried out by the host" : $"{Unless(settings)} unless function reset is allowed")}",
            },
            new("AF Status", AdvancedFeaturesRegisters.Status, 1, WriteRule.ByPolicy, "Advanced Capabilities ECN"),
        ];
    }

    private static string Unless(MapSettings settings) => (settings & MapSettings.SayDenied) != 0 ? "refused" : "dropped";
}
