namespace PciBackFlow.Perf.Frontends;

/// <summary>What a frontend does about its backend's state.</summary>
public enum FrontendReaction
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Scan the published roots (mini-os: read the device list), then write state 4.</summary>
    Connect = 1,

    /// <summary>Remove the functions whose <c>state-N</c> is 5, then write state 7.</summary>
    Reconfigure = 2,

    /// <summary>Tear the buses down and write state 6.</summary>
    Close = 3,

    /// <summary>The kernel panics: NetBSD's answer to states it doesn't expect.</summary>
    Panic = 4,
}
