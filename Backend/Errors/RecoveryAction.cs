using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Errors;

/// <summary>What a recovery wants done next: one thing at a time.</summary>
public abstract record RecoveryAction
{
    private RecoveryAction()
    {
    }

    /// <summary>Ask every driver that can be asked.</summary>
    /// <param name="Command">What.</param>
    /// <param name="State">What the first and the last step say of the channel; <see cref="ChannelState.Normal"/> of the others.</param>
    public sealed record Ask(PciOpCode Command, ChannelState State = ChannelState.Normal) : RecoveryAction;

    /// <summary>Reset the devices and write back what that loses.</summary>
    public sealed record Reset : RecoveryAction;

    /// <summary>Nothing: it is over.</summary>
    public sealed record End : RecoveryAction;
}
