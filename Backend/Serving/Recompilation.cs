namespace PciBackFlow.Backend.Serving;

/// <summary>What became of a function whose policy may have changed.</summary>
internal enum Recompilation
{
    /// <summary>What holds for it is what held, or the guest does not have it.</summary>
    AsItWas,

    /// <summary>What holds is another, and is in force.</summary>
    Changed,

    /// <summary>What holds is another, and what held goes on to hold: to be tried again.</summary>
    Later,
}
