using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>
/// The rule against giving a virtual function away that no access would reach: it decodes memory only while its physical function does, and VF MSE says so
/// (SR-IOV 1.1 §3.3.3.4, §3.4.1.3). Two functions are looked at and nothing else of the host, because it is asked again whenever a guest is given one,
/// and whenever a daemon finds its guests again, who wait for it.
/// </summary>
internal static class PhysicalFunctionRule
{
    /// <summary>Looks whether it speaks against a function.</summary>
    /// <param name="bus">The host's bus.</param>
    /// <param name="address">The function.</param>
    /// <returns>The reason; null when there is none, of a function that is not virtual as well, and where nothing can be read.</returns>
    public static string? Find(SysfsBus bus, PciAddress address)
    {
        if (bus.PhysicalFunctionOf(address) is not { } physical)
        {
            return null;
        }

        using SysfsFunction? registers = bus.TryOpenToRead(physical);
        if (registers is not { ReadableSize: > ConfigRegisters.HeaderSize })
        {
            return null;
        }

        if (registers.TryRead(ConfigRegisters.Command, 2, out uint command) && (command & CommandBits.Memory) == 0)
        {
            return $"its physical function {physical} does not decode memory: no access would reach it";
        }

        return CapabilityWalk.Read(registers).TryFind(ExtendedCapabilityId.SrIov, out PciCapability iov)
            && registers.TryRead(iov.Offset + SrIovRegisters.Control, 2, out uint control) && (control & SrIovRegisters.VfMemorySpace) == 0
                ? $"its physical function {physical} has memory space of its virtual functions switched off" : null;
    }
}
