namespace PciBackFlow.Simulation;

/// <summary>How a guest's frontend behaves.</summary>
internal enum Manner
{
    /// <summary>As Linux's: in its own time, but always.</summary>
    Good,

    /// <summary>It connects, and then answers nothing and nobody.</summary>
    Silent,

    /// <summary>It writes whatever it can write, wherever it can.</summary>
    Hostile,
}
