using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Effects;

/// <summary>
/// The Command register (PCI Local Bus 3.0 §6.2.2) as Linux xen-pciback treats it. Memory and I/O decode are never switched off:
/// an access to a region that nobody decodes can bring the host down (XSA-120, CVE-2015-8553). The guest's decode bits
/// only tell whether it has the function enabled. Whatever is switched on, the base addresses are the host's first (<see cref="BaseAddressRestore"/>).
/// </summary>
internal static class CommandRegister
{
    private const uint Decode = CommandBits.Io | CommandBits.Memory;
    private const uint Tracked = CommandBits.BusMaster | CommandBits.MemoryWriteInvalidate;

    // 64 bytes, in the register's unit of a dword: what every x86 host uses.
    private const uint UsualCacheLine = 16;

    internal static AccessStatus Write(in PlanStep step, AssignedFunction function)
    {
        VirtualRegisters registers = function.Registers;
        ref readonly ConfigDword rule = ref function.Map[step.Offset >> 2];
        uint isVirtual = ByteLanes.FromDword(rule.Virtual, step.Offset, 2);
        uint throughBits = ByteLanes.FromDword(rule.Writable & ~rule.Virtual, step.Offset, 2);
        if (!function.TryReadHardware(step.Offset, 2, out uint hardware))
        {
            return AccessStatus.OperationFailed;
        }

        // What would be enabled may be another card at the same address.
        if (function.IsGone)
        {
            return AccessStatus.Success;
        }

        uint last = registers.Command;
        uint wanted = ByteLanes.Merge((hardware & ~isVirtual) | (last & isVirtual), step.Value, step.Mask);
        bool wantsDecode = (wanted & Decode) != 0;
        bool begins = wantsDecode && !registers.IsEnabled;
        uint present = hardware;

        // Of a function that the guest has enabled and that decodes no more: it was reset, and its guest brings it back.
        uint lostDecode = wantsDecode ? DecodeOf(function) & ~hardware : 0;
        if (begins || lostDecode != 0 || (wanted & ~hardware & CommandBits.BusMaster) != 0)
        {
            if (!BaseAddressRestore.TryRestoreAll(function, ref present))
            {
                return AccessStatus.OperationFailed;
            }

            if (function.IsGone)
            {
                return AccessStatus.Success;
            }
        }

        if (begins)
        {
            if (!function.Hardware.TryEnable() || !function.TryReadHardware(step.Offset, 2, out present))
            {
                return AccessStatus.OperationFailed;
            }

            registers.IsEnabled = true;
            hardware = present;
            lostDecode = 0;
        }
        else if (registers.IsEnabled && !wantsDecode)
        {
            // The master bit follows the guest's below; decode stays.
            registers.IsEnabled = false;
        }

        uint next = ByteLanes.Merge(hardware | lostDecode, wanted, CommandBits.BusMaster);
        if (((wanted ^ last) & CommandBits.MemoryWriteInvalidate) != 0)
        {
            if ((wanted & CommandBits.MemoryWriteInvalidate) != 0 && !HasCacheLine(function))
            {
                wanted &= ~CommandBits.MemoryWriteInvalidate;
            }
            else
            {
                next = ByteLanes.Merge(next, wanted, CommandBits.MemoryWriteInvalidate);
            }
        }

        MapSettings lineInterrupt = function.Map.Settings & (MapSettings.InterruptControl | MapSettings.EmulatedLineInterrupt);
        if (lineInterrupt == MapSettings.InterruptControl && ((wanted ^ last) & CommandBits.InterruptDisable) != 0)
        {
            next = ByteLanes.Merge(next, wanted, CommandBits.InterruptDisable);
        }

        if ((throughBits & ~Tracked) != 0)
        {
            next = ByteLanes.Merge(next, wanted, throughBits);
        }

        if (next != present && !function.TryWriteHardware(step.Offset, 2, next))
        {
            return AccessStatus.OperationFailed;
        }

        registers.Command = (ushort)wanted;
        ref uint seenByGuest = ref registers[step.Offset >> 2];
        seenByGuest = ByteLanes.Merge(seenByGuest, ByteLanes.ToDword(wanted, step.Offset), rule.Virtual & ByteLanes.Lanes(step.Offset, 2));
        return AccessStatus.Success;
    }

    // What the host's resources need; a virtual function's regions are its physical function's to switch.
    private static uint DecodeOf(AssignedFunction function)
    {
        uint decode = 0;
        for (int index = 0; index < BaseAddressAnswer.Count - 1; index++)
        {
            BaseAddressAnswer answer = function.Initial.BaseAddresses[index];
            if (answer.Restorable)
            {
                decode |= answer.IsIo ? CommandBits.Io : CommandBits.Memory;
            }
        }

        return decode;
    }

    // Memory Write and Invalidate needs a cache line size; a function that keeps 0 there cannot do it.
    private static bool HasCacheLine(AssignedFunction function)
    {
        if (!function.TryReadHardware(ConfigRegisters.CacheLineSize, 1, out uint size))
        {
            return false;
        }

        if (size != 0)
        {
            return true;
        }

        return function.TryWriteHardware(ConfigRegisters.CacheLineSize, 1, UsualCacheLine)
            && function.TryReadHardware(ConfigRegisters.CacheLineSize, 1, out size) && size == UsualCacheLine;
    }
}
