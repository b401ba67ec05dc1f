using PciBackFlow.Backend.Devices.Reset;
using PciBackFlow.Backend.Devices.Snapshots;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Backend.Tests.Devices.Reset;

/// <summary>What a reset says of a device that does not do as it is told: only what reads as off is off.</summary>
public sealed class FunctionResetTests : HeldNicTests
{
    [Fact]
    public void What_was_reset_and_reads_as_no_bus_master_has_stopped()
    {
        using Unruly function = new(Host.Bus.Open(Address));
        Host[Nic].Set(Command, 0x0547);

        ResetOutcome outcome = Run(function);

        Assert.Equal((true, null, 0x0143), (outcome.IsReset, outcome.NotStopped, Host[Nic].Word(Command)));
    }

    [Fact]
    public void Bus_mastering_is_off_before_power_is_asked_for_and_a_device_that_refuses_power_is_not_known_to_have_stopped()
    {
        using Unruly function = new(Host.Bus.Open(Address)) { HasPower = false };
        Host[Nic].Set(Command, 0x0547);

        ResetOutcome outcome = Run(function);

        Assert.Contains("D0", outcome.NotStopped, StringComparison.Ordinal);
        Assert.Equal((0x0543, 0x0543), (function.CommandAtPower, Host[Nic].Word(Command)));
        Assert.Empty(Host[Nic].Resets.Skip(1));
    }

    [Fact]
    public void Bus_mastering_that_reads_as_on_after_it_was_switched_off_is_told_whatever_the_reset_did()
    {
        using Unruly function = new(Host.Bus.Open(Address)) { MasterUntil = () => Host[Nic].Resets.Count > 1 };

        ResetOutcome outcome = Run(function);

        Assert.Contains("bus mastering cannot be switched off", outcome.NotStopped, StringComparison.Ordinal);
        Assert.True(outcome.IsReset);
    }

    [Fact]
    public void A_device_that_does_not_answer_is_not_known_to_have_stopped()
    {
        using Unruly function = new(Host.Bus.Open(Address));
        Host[Nic].Pull();

        Assert.Contains("does not answer", Run(function).NotStopped, StringComparison.Ordinal);
    }

    // Seen on Xen 4.17 after a fatal error: an entry could not be masked while memory decoding was off.
    [Fact]
    public void A_mask_of_all_messages_that_xen_keeps_set_makes_no_device_unusable()
    {
        using Unruly function = new(Host.Bus.Open(Address));
        Host[Nic].Set(MsiXControl, 0x0004);
        ConfigSnapshot clean = ConfigSnapshot.Take(function).Quiet();
        function.HasMaskedMessages = true;

        ResetOutcome outcome = FunctionReset.Run(Host.Bus, function, ResetPlan.For(Host.Bus, Address), clean);

        Assert.Equal((true, null, null), (outcome.IsReset, outcome.NotStopped, outcome.Unusable));
    }

    private ResetOutcome Run(Unruly function)
    {
        ConfigSnapshot clean = ConfigSnapshot.Take(function).Quiet();
        return FunctionReset.Run(Host.Bus, function, ResetPlan.For(Host.Bus, Address), clean);
    }

    private sealed class Unruly(IPciFunction function) : DelegatingFunction(function)
    {
        private readonly IPciFunction _function = function;

        public bool HasPower { get; init; } = true;

        /// <summary>Until when it reads as a bus master, whatever is written; null: it does as it is told.</summary>
        public Func<bool>? MasterUntil { get; init; }

        /// <summary>Whether MSI-X reads as masked, whatever is written.</summary>
        public bool HasMaskedMessages { get; set; }

        public ushort CommandAtPower { get; private set; }

        public override bool TryRead(int offset, int size, out uint value)
        {
            bool isRead = _function.TryRead(offset, size, out value);
            if (offset == Command && MasterUntil?.Invoke() == false)
            {
                value |= CommandBits.BusMaster;
            }

            if (offset == MsiXControl && HasMaskedMessages)
            {
                value |= MsiXRegisters.FunctionMask;
            }

            return isRead;
        }

        public override bool TrySetPowerState(int state)
        {
            CommandAtPower = _function.TryRead(Command, 2, out uint command) ? (ushort)command : default;
            return HasPower && _function.TrySetPowerState(state);
        }
    }
}
