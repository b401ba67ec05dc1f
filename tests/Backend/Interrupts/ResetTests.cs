using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>
/// A function that is reset under its guest loses its messages, and gets them back (Xen restores addresses and
/// data: PHYSDEVOP_restore_msi_ext).
/// </summary>
public sealed class ResetTests
{
    [Fact]
    public void After_a_function_level_reset_MSI_X_is_on_again_and_restored_while_masked()
    {
        using OwnedFunction owned = new();
        owned.EnableMsix(0, 7);
        IReadOnlyList<LoopbackPirq> had = owned.Pirqs;
        Assert.True(owned.Hardware.TryReset());
        Assert.Equal(0x003Fu, owned.Peek(OwnedFunction.MsixControl, 2));
        StepLog steps = new(owned);

        Restore(owned);

        Assert.Equal(["write 0a2 c03f", "RestoreMessages", "write 0a2 803f"], steps.Read());
        Assert.Equal(1, owned.Restored);
        Assert.Equal(had, owned.Pirqs);
        Assert.Equal(CommandBits.InterruptDisable, owned.Peek(ConfigRegisters.Command, 2) & CommandBits.InterruptDisable);
    }

    [Fact]
    public void After_a_function_level_reset_several_MSI_messages_are_on_again()
    {
        using OwnedFunction owned = new();
        owned.Operations.EnableMultiMsi(owned.Function, 4);
        Assert.True(owned.Hardware.TryReset());
        StepLog steps = new(owned);

        Restore(owned);

        Assert.Equal(["write 052 00a6", "RestoreMessages", "write 052 00a7"], steps.Read());
    }

    [Fact]
    public void A_guest_whose_function_takes_a_sleep_for_an_answer_keeps_its_messages_without_a_reset()
    {
        using OwnedFunction owned = new();
        owned.EnableMsix(0, 1);

        Assert.Equal(AccessStatus.Success, Write(owned, PlanAction.PowerControl, OwnedFunction.Power, 3));
        Assert.Equal(AccessStatus.Success, Write(owned, PlanAction.PowerControl, OwnedFunction.Power, 0));

        Assert.Equal((0, 0), (owned.Hardware.Resets, owned.Restored));
        Assert.Equal(0x803Fu, owned.Peek(OwnedFunction.MsixControl, 2));
    }

    [Fact]
    public void A_guest_that_puts_its_function_to_sleep_and_wakes_it_keeps_its_messages()
    {
        using OwnedFunction owned = new(policy: AccessPolicy.Default with { AllowPowerStates = new(true, SettingOrigin.BuiltIn) });
        owned.EnableMsix(0, 1);

        Assert.Equal(AccessStatus.Success, Write(owned, PlanAction.PowerControl, OwnedFunction.Power, 3));
        Assert.Equal(0, owned.Restored);
        Assert.Equal(AccessStatus.Success, Write(owned, PlanAction.PowerControl, OwnedFunction.Power, 0));

        Assert.Equal((1, 1), (owned.Hardware.Resets, owned.Restored));
        Assert.Equal(0x803Fu, owned.Peek(OwnedFunction.MsixControl, 2));
    }

    [Fact]
    public void A_guest_that_resets_its_function_keeps_its_messages()
    {
        using OwnedFunction owned = new();
        owned.EnableMsi();

        Assert.Equal(AccessStatus.Success, Write(owned, PlanAction.FunctionLevelReset, 0x68, 0x8000));

        Assert.Equal((1, 1), (owned.Hardware.Resets, owned.Restored));
        Assert.Equal(0x0087u, owned.Peek(OwnedFunction.MsiControl, 2));
    }

    [Fact]
    public void Where_nothing_is_enabled_a_reset_restores_nothing()
    {
        using OwnedFunction owned = new();
        Assert.Equal(AccessStatus.Success, Write(owned, PlanAction.FunctionLevelReset, 0x68, 0x8000));
        owned.Operations.Remove(owned.Function);
        Assert.Equal(AccessStatus.Success, Write(owned, PlanAction.FunctionLevelReset, 0x68, 0x8000));
        Assert.Equal((2, 0), (owned.Hardware.Resets, owned.Restored));
    }

    [Theory]
    [InlineData(Errno.ENODEV)]
    [InlineData(Errno.ENXIO)]
    public void Messages_that_do_not_come_back_are_said_and_can_still_be_disabled(Errno errno)
    {
        using OwnedFunction owned = new();
        owned.EnableMsix(0, 1);
        owned.Xen.Fail(LoopbackCall.RestoreMessages, errno);

        Assert.Equal(AccessStatus.Success, Write(owned, PlanAction.FunctionLevelReset, 0x68, 0x8000));

        Assert.Contains(owned.Lines.Warnings, line => line.Contains("lost after a reset", StringComparison.Ordinal));
        owned.Operations.DisableMsi(owned.Function);
        owned.AssertNothingLeft();
        Assert.Equal(PciOpStatus.Success, owned.EnableMsix(0, 1).Status);
    }

    [Fact]
    public void A_function_that_lost_its_memory_decoding_is_not_touched()
    {
        using OwnedFunction owned = new();
        owned.EnableMsix(0);
        owned.Hardware.SetHardware(ConfigRegisters.Command, 2, 0);
        owned.Hardware.SetHardware(OwnedFunction.MsixControl, 2, 0x003F);
        StepLog steps = new(owned);

        Restore(owned);

        Assert.Empty(steps.Read());
        Assert.Single(owned.Lines.Warnings);
    }

    private static void Restore(OwnedFunction owned)
    {
        Assert.True(owned.Function.TryBegin());
        owned.Operations.Restore(owned.Function);
        owned.Function.End();
    }

    // As the execute stage does it: with the function's turn.
    private static AccessStatus Write(OwnedFunction owned, PlanAction action, ushort offset, uint value)
    {
        Assert.True(owned.Function.TryBegin());
        AccessStatus status = SideEffects.Run(new PlanStep { Action = action, Offset = offset, Size = 2, Value = value, Mask = 0xFFFF }, owned.Function);
        owned.Function.End();
        return status;
    }
}
