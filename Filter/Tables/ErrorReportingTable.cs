using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Tables;

/// <summary>Advanced Error Reporting (PCI Express Base 3.0 §7.10): everything in it changes behind our back.</summary>
internal static class ErrorReportingTable
{
    private const int VersionWithPrefixLog = 2;

    internal static RegisterDefinition[] Rows(int version, bool isRoot)
    {
        var rows = new List<RegisterDefinition>
        {
            CapabilityHeaders.Extended("AER"),
            new("AER Uncorrectable Error Status", AerRegisters.UncorrectableStatus, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.2")
            {
                Rw1c = AerRegisters.UncorrectableBits,
            },
            new("AER Uncorrectable Error Mask", AerRegisters.UncorrectableMask, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.3"),
            new("AER Uncorrectable Error Severity", AerRegisters.UncorrectableSeverity, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.4"),
            new("AER Correctable Error Status", AerRegisters.CorrectableStatus, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.5")
            {
                Rw1c = AerRegisters.CorrectableBits,
            },
            new("AER Correctable Error Mask", AerRegisters.CorrectableMask, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.6"),
            new("AER Capabilities and Control", AerRegisters.CapabilitiesControl, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.7"),
            new("AER Header Log", AerRegisters.HeaderLog, 16, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.8"),
        };
        if (isRoot)
        {
            rows.Add(new("AER Root Error Command", AerRegisters.RootErrorCommand, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.9"));
            rows.Add(new("AER Root Error Status", AerRegisters.RootErrorStatus, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.10")
            {
                Rw1c = AerRegisters.RootStatusErrors,
            });
            rows.Add(new("AER Error Source Identification", AerRegisters.ErrorSource, 4, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.11"));
        }

        // Present only with End-End prefixes: some functions put the next capability there (QEMU's e1000e its serial number).
        if (version >= VersionWithPrefixLog)
        {
            rows.Add(new("AER TLP Prefix Log", AerRegisters.TlpPrefixLog, 16, WriteRule.ByPolicy, "PCI Express Base 3.0 §7.10.12") { YieldsToOthers = true });
        }

        return [.. rows];
    }
}
