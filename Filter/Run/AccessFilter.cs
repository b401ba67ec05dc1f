using PciBackFlow.Filter.Map;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Run;

/// <summary>
/// Decides about one access: looks its dword up and combines masks. Touches memory only; what hardware has to do becomes
/// steps of the plan. Never throws, never allocates, whatever the guest sent.
/// </summary>
public static class AccessFilter
{
    /// <summary>Plans a read.</summary>
    /// <param name="function">The function.</param>
    /// <param name="offset">Offset as the guest sent it; any value.</param>
    /// <param name="size">Size as the guest sent it; any value.</param>
    /// <param name="plan">Receives the plan; what it held before is overwritten.</param>
    public static void PlanRead(AssignedFunction function, int offset, int size, ref AccessPlan plan)
    {
        Clear(ref plan);
        if (!ByteLanes.IsValid(offset, size, function.Map.Size))
        {
            plan.Status = AccessStatus.InvalidOffset;
            return;
        }

        if (function.IsGone)
        {
            plan.Value = ByteLanes.Mask(size);
            return;
        }

        int dword = offset >> 2;
        uint memory = function.Map[dword].Memory;
        plan.Value = ByteLanes.FromDword(function.Registers[dword] & memory, offset, size);
        plan.HardwareMask = ByteLanes.FromDword(~memory, offset, size);
        if (plan.HardwareMask == 0)
        {
            return;
        }

        Add(ref plan, PlanAction.Read, offset, size, 0, 0);
    }

    /// <summary>Plans a write. The bits that stay in memory are stored at once.</summary>
    /// <param name="function">The function.</param>
    /// <param name="offset">Offset as the guest sent it; any value.</param>
    /// <param name="size">Size as the guest sent it; any value.</param>
    /// <param name="value">The value; bits above the size are ignored.</param>
    /// <param name="plan">Receives the plan; what it held before is overwritten.</param>
    public static void PlanWrite(AssignedFunction function, int offset, int size, uint value, ref AccessPlan plan)
    {
        Clear(ref plan);
        if (!ByteLanes.IsValid(offset, size, function.Map.Size))
        {
            plan.Status = AccessStatus.InvalidOffset;
            return;
        }

        if (function.IsGone)
        {
            return;
        }

        int dword = offset >> 2;
        ConfigSpaceMap map = function.Map;
        ref readonly ConfigDword rule = ref map[dword];
        uint lanes = ByteLanes.Lanes(offset, size);
        uint written = ByteLanes.ToDword(value, offset) & lanes;
        uint effect = lanes & rule.EffectMask;

        if (effect != 0 && rule.Effect == PlanAction.RestoreBaseAddress)
        {
            PlanBaseAddress(function, in rule, dword, lanes, written, offset, ref plan);
            return;
        }

        uint denied = DroppedChange(function, in rule, dword, lanes, written);
        if (effect != 0)
        {
            denied = OwnRuleDenies(function, in rule, dword, effect, written, denied);
        }

        plan.DeniedBits = ByteLanes.FromDword(denied, offset, size);
        if ((map.Settings & MapSettings.SayDenied) != 0 && ((lanes & rule.Closed) | (denied & (rule.ByPolicy | rule.Denied))) != 0)
        {
            plan.Status = AccessStatus.AccessDenied;
        }

        uint open = lanes & rule.Writable & ~rule.EffectMask;
        uint inMemory = open & rule.Virtual;
        if (inMemory != 0)
        {
            function.Registers[dword] = ByteLanes.Merge(function.Registers[dword], written, inMemory);
        }

        uint inHardware = open & ~rule.Virtual;
        if (inHardware != 0)
        {
            PlanHardwareWrite(in rule, dword * 4, inHardware, written, ref plan);
        }

        if (effect != 0)
        {
            PlanEffect(function, in rule, dword * 4, effect, written, ref plan);
        }
    }

    // Bits that stay what they were although the guest wrote something else than it reads. A bit that clears on ones is
    // asked for by a one only. Where nobody has looked at hardware yet, every written bit counts as a change.
    private static uint DroppedChange(AssignedFunction function, in ConfigDword rule, int dword, uint lanes, uint written)
    {
        uint dropped = lanes & ~rule.Writable;
        if (rule.EffectMask != 0 && rule.Effect == PlanAction.FunctionLevelReset)
        {
            dropped &= ~rule.EffectMask;
        }

        if (dropped == 0)
        {
            return 0;
        }

        uint known = rule.Memory | function.Registers.Seen(dword);
        uint differs = (written ^ function.Registers[dword]) | ~known;
        return dropped & ((differs & ~rule.Rw1c) | (written & rule.Rw1c));
    }

    // Three fields decide by the value, not by its difference from what is there.
    private static uint OwnRuleDenies(AssignedFunction function, in ConfigDword rule, int dword, uint effect, uint written, uint denied)
    {
        ByteLanes.Field(rule.EffectMask, out int lane, out int size);
        uint value = ByteLanes.FromDword(written & effect, lane, size);
        return rule.Effect switch
        {
            PlanAction.SelfTest when value == SelfTestBits.Start => denied & ~rule.EffectMask,
            PlanAction.SelfTest => denied | SelfTestChange(function, dword, effect, written, lane),
            // Linux writes 0 on the way up from D3hot, over bits that are read-only in every function.
            PlanAction.PowerControl => denied & ~ByteLanes.ToDword(PowerManagementRegisters.NoSoftReset | PowerManagementRegisters.DataScale, lane),
            PlanAction.VpdAddress => ByteLanes.Merge(denied, written, ByteLanes.ToDword(VpdRegisters.Flag, lane) & effect),
            _ => denied,
        };
    }

    // The register takes a value that differs in nothing but the start bit from what is there, and drops it whole otherwise.
    private static uint SelfTestChange(AssignedFunction function, int dword, uint effect, uint written, int lane)
    {
        uint differs = ((written ^ function.Registers[dword]) | ~function.Registers.Seen(dword)) & effect;
        return (differs & ~ByteLanes.ToDword(SelfTestBits.Start, lane)) != 0 ? differs : 0;
    }

    // Only bytes that hold an open bit are written (XSA-128), in the largest aligned blocks.
    private static void PlanHardwareWrite(in ConfigDword rule, int offset, uint open, uint written, ref AccessPlan plan)
    {
        uint bytes = ByteLanes.WholeBytes(open);
        while (bytes != 0)
        {
            uint block = ByteLanes.TakeBlock(ref bytes, out int lane, out int size);
            uint mine = open & block;
            // A read-modify-write must not write back the ones it read where a one clears.
            uint replaced = mine | (rule.Rw1c & block);
            PlanAction action = replaced == block ? PlanAction.Write : PlanAction.Merge;
            Add(ref plan, action, offset + lane, size, ByteLanes.FromDword(written & mine, lane, size), ByteLanes.FromDword(replaced, lane, size));
        }
    }

    private static void PlanEffect(AssignedFunction function, in ConfigDword rule, int offset, uint effect, uint written, ref AccessPlan plan)
    {
        if (rule.Effect == PlanAction.FunctionLevelReset && (written & effect) == 0)
        {
            return;
        }

        ByteLanes.Field(rule.EffectMask, out int lane, out int size);
        uint value = ByteLanes.FromDword(written & effect, lane, size);
        Add(ref plan, rule.Effect, offset + lane, size, value, ByteLanes.FromDword(effect, lane, size));
        plan.MayBlock |= rule.Effect switch
        {
            PlanAction.FunctionLevelReset => true,
            PlanAction.PowerControl => (function.Map.Settings & MapSettings.PowerStates) != 0,
            // Enabling asks the host's kernel; every other Command write is a register access.
            PlanAction.Command => !function.Registers.IsEnabled
                && (ByteLanes.Merge(function.Registers.Command, value, plan.Steps[plan.StepCount - 1].Mask) & (CommandBits.Io | CommandBits.Memory)) != 0,
            _ => false,
        };
    }

    /// <remarks>
    /// The bytes written since the last whole dword accumulate; while all address bits of that value are set, the register
    /// answers its size. Hardware is written only with the host's own address, when the guest wrote exactly that.
    /// </remarks>
    private static void PlanBaseAddress(AssignedFunction function, in ConfigDword rule, int dword, uint lanes, uint written, int offset, ref AccessPlan plan)
    {
        VirtualRegisters registers = function.Registers;
        ref uint accumulator = ref registers.Accumulator(rule.Index);
        accumulator = ByteLanes.Merge(accumulator, written, lanes);

        BaseAddressAnswer answer = function.Initial.BaseAddresses[rule.Index];
        bool sizing = (accumulator & answer.AddressBits) == answer.AddressBits;
        registers[dword] = sizing ? answer.SizeMask : answer.Address;
        if (sizing)
        {
            return;
        }

        if (accumulator == answer.Address && answer.Restorable)
        {
            Add(ref plan, PlanAction.RestoreBaseAddress, dword * 4, 4, answer.Address, uint.MaxValue);
        }

        // All ones in a part of the register may be the beginning of a sizing by bytes; anything else is a move, and dropped.
        if (written != lanes)
        {
            plan.DeniedBits = ByteLanes.FromDword((written ^ answer.Address) & lanes & answer.AddressBits, offset & 3, ByteSize(lanes));
        }
    }

    private static int ByteSize(uint lanes) => System.Numerics.BitOperations.PopCount(lanes) >> 3;

    private static void Clear(ref AccessPlan plan)
    {
        plan.Status = AccessStatus.Success;
        plan.Value = 0;
        plan.HardwareMask = 0;
        plan.DeniedBits = 0;
        plan.MayBlock = false;
        plan.StepCount = 0;
    }

    private static void Add(ref AccessPlan plan, PlanAction action, int offset, int size, uint value, uint mask)
    {
        ref PlanStep step = ref plan.Steps[plan.StepCount++];
        step.Action = action;
        step.Size = (byte)size;
        step.Offset = (ushort)offset;
        step.Value = value;
        step.Mask = mask;
    }
}
