using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Tables;

/// <summary>PCI-X (PCI-X 2.0 protocol addendum §7.2; bridges §8.6).</summary>
internal static class PciXTable
{
    private const uint SecondaryErrors = 0x003C;
    private const uint BridgeErrors = 0x003C_0000;

    internal static RegisterDefinition[] Rows(ReadOnceConfigSpace image, int at, bool isBridge)
    {
        RegisterDefinition header = CapabilityHeaders.Standard("PCI-X");
        bool hasEcc = (image.Read(at + PciXRegisters.Command, 2) & PciXRegisters.Version) != 0;
        if (isBridge)
        {
            return
            [
                header,
                new("PCI-X Secondary Status", PciXRegisters.SecondaryStatus, 2, WriteRule.ByPolicy, "PCI-X 2.0 §8.6.2.3") { Rw1c = SecondaryErrors },
                new("PCI-X Bridge Status", PciXRegisters.BridgeStatus, 4, WriteRule.ByPolicy, "PCI-X 2.0 §8.6.2.4") { Rw1c = BridgeErrors },
                new("PCI-X Upstream Split Control", PciXRegisters.UpstreamSplit, 4, WriteRule.ByPolicy, "PCI-X 2.0 §8.6.2.5"),
                new("PCI-X Downstream Split Control", PciXRegisters.DownstreamSplit, 4, WriteRule.ByPolicy, "PCI-X 2.0 §8.6.2.6"),
            ];
        }

        var command = new RegisterDefinition("PCI-X Command", PciXRegisters.Command, 2, WriteRule.ByPolicy, "PCI-X 2.0 §7.2.3");
        var status = new RegisterDefinition("PCI-X Status", PciXRegisters.Status, 4, WriteRule.ByPolicy, "PCI-X 2.0 §7.2.4")
        {
            Rw1c = PciXRegisters.StatusErrors,
        };
        return hasEcc
            ? [header, command, status, new("PCI-X ECC Registers", PciXRegisters.EccControl, 16, WriteRule.ByPolicy, "PCI-X 2.0 §7.2.5")]
            : [header, command, status];
    }
}
