using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Errors;

/// <summary>Where a recovery stands.</summary>
/// <param name="Phase">How far it is.</param>
/// <param name="Channel">What drivers were told of the channel at its beginning.</param>
public readonly record struct RecoveryState(RecoveryPhase Phase, ChannelState Channel)
{
    /// <summary>Whether nothing follows any more.</summary>
    public bool IsOver => Phase is RecoveryPhase.Recovered or RecoveryPhase.Failed or RecoveryPhase.Abandoned;
}
