using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// Whether a host's driver has its function send messages: then it does not listen on the function's line, and nobody can keep an interrupt from it there.
/// The registers tell: what <c>irq</c> says is the line with MSI-X, too (irq_show, drivers/pci/pci-sysfs.c).
/// </summary>
internal static class MessageUse
{
    /// <summary>Looks at the function's MSI and MSI-X capability.</summary>
    /// <returns>False also when it cannot be read, or does not answer.</returns>
    public static bool IsOn(SysfsBus bus, HostFunction function)
    {
        if (!function.Capabilities.TryFind(CapabilityId.Msi, out _) && !function.Capabilities.TryFind(CapabilityId.MsiX, out _))
        {
            return false;
        }

        using SysfsFunction? registers = bus.TryOpenToRead(function.Address);
        return registers is not null && !NoAnswer.From(registers)
            && (IsSet(CapabilityId.Msi, MsiRegisters.Control, MsiRegisters.Enable) || IsSet(CapabilityId.MsiX, MsiXRegisters.Control, MsiXRegisters.Enable));

        bool IsSet(CapabilityId id, int offset, uint enable) => function.Capabilities.TryFind(id, out PciCapability capability)
            && registers.TryRead(capability.Offset + offset, 2, out uint control) && !NoAnswer.Is(control, 2) && (control & enable) != 0;
    }
}
