using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Errors;

/// <summary>What a recovery goes on by.</summary>
public abstract record RecoveryEvent
{
    private RecoveryEvent()
    {
    }

    /// <summary>Every driver that was asked has answered.</summary>
    /// <param name="Verdict">What they said together.</param>
    public sealed record Voted(RecoveryVerdict Verdict) : RecoveryEvent;

    /// <summary>A driver has not answered in time: nobody of the guest can be asked any more.</summary>
    public sealed record Silent : RecoveryEvent;

    /// <summary>The devices have been through a reset.</summary>
    /// <param name="Works">Whether all of them came back with their registers.</param>
    public sealed record WasReset(bool Works) : RecoveryEvent;

    /// <summary>The guest is gone or disconnected, or has none of the devices any more.</summary>
    public sealed record GuestGone : RecoveryEvent;
}
