using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Effects;

/// <summary>
/// Gives hardware that lost its base addresses in a reset the host's own back. Resets happen behind the filter: error recovery resets a link whose functions
/// have no driver that would restore them, and the way up from D3hot may end in one. A function that decodes with such registers claims what lies at address 0.
/// </summary>
internal static class BaseAddressRestore
{
    private const uint RomEnable = 1;
    private const uint Switches = CommandBits.Io | CommandBits.Memory | CommandBits.BusMaster;

    /// <summary>A guest wrote the host's own address into a register.</summary>
    internal static AccessStatus Write(in PlanStep step, AssignedFunction function)
    {
        if (!function.TryReadHardware(step.Offset, step.Size, out uint hardware))
        {
            return AccessStatus.OperationFailed;
        }

        return SideEffects.Status(hardware == step.Value || function.IsGone || function.TryWriteHardware(step.Offset, step.Size, step.Value));
    }

    /// <summary>
    /// Before decoding or bus mastering is switched on: every register that does not hold the host's address is given it. As Linux vfio-pci does
    /// (drivers/vfio/pci/vfio_pci_config.c, vfio_bar_restore); the others are only read. The expansion ROM counts while it is enabled itself: the kernel does
    /// not program one that is not (drivers/pci/setup-res.c).
    /// </summary>
    /// <param name="function">The function.</param>
    /// <param name="command">Its Command register as hardware has it: with decoding and bus mastering off once one was found wrong.</param>
    /// <returns>False when one cannot be read, or does not take its address: nothing may be switched on.</returns>
    internal static bool TryRestoreAll(AssignedFunction function, ref uint command)
    {
        bool isComplete = true;
        bool wasLost = false;
        for (int dword = ConfigRegisters.BaseAddress0 / 4; dword < ConfigRegisters.HeaderSize / 4; dword++)
        {
            ref readonly ConfigDword rule = ref function.Map[dword];
            if (rule.EffectMask == 0 || rule.Effect != PlanAction.RestoreBaseAddress)
            {
                continue;
            }

            BaseAddressAnswer answer = function.Initial.BaseAddresses[rule.Index];
            if (!answer.Restorable)
            {
                continue;
            }

            if (!function.TryReadHardware(dword * 4, 4, out uint hardware))
            {
                return false;
            }

            if (function.IsGone)
            {
                return true;
            }

            bool isAsleep = rule.Index == BaseAddressAnswer.Count - 1 && (hardware & RomEnable) == 0;
            if (isAsleep || Holds(hardware, in answer))
            {
                continue;
            }

            wasLost = true;
            isComplete &= TryStop(function, ref command) && TryRestore(function, dword * 4, in answer);
        }

        if (wasLost)
        {
            function.NoteAddressesLost();
        }

        return isComplete;
    }

    private static bool Holds(uint hardware, in BaseAddressAnswer answer) => ((hardware ^ answer.Address) & answer.AddressBits) == 0;

    // Half of an address is an address too: nothing decodes while it is written.
    private static bool TryStop(AssignedFunction function, ref uint command)
    {
        if ((command & Switches) == 0)
        {
            return true;
        }

        command &= ~Switches;
        return function.TryWriteHardware(ConfigRegisters.Command, 2, command);
    }

    private static bool TryRestore(AssignedFunction function, int offset, in BaseAddressAnswer answer) =>
        function.TryWriteHardware(offset, 4, answer.Address) && function.TryReadHardware(offset, 4, out uint now) && Holds(now, in answer);
}
