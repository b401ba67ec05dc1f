namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Whether new devices' keys were written, and what the guest was doing. From <see cref="First"/> on they were.</summary>
internal enum KeysWritten
{
    /// <summary>Not: a change is under way.</summary>
    Busy,

    /// <summary>Not: the guest closed its frontend.</summary>
    Closed,

    /// <summary>With new directories.</summary>
    First,

    /// <summary>For a frontend that has not connected yet.</summary>
    Waiting,

    /// <summary>For a connected frontend, which was told.</summary>
    Running,
}
