namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Whether a guest was asked for devices.</summary>
internal enum GuestAsked
{
    /// <summary>Not yet: another change is under way.</summary>
    Busy,

    /// <summary>Not needed: nobody in the guest uses them.</summary>
    NotNeeded,

    /// <summary>The guest was told.</summary>
    Told,
}
