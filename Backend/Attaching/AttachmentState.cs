namespace PciBackFlow.Backend.Attaching;

/// <summary>How far a guest is with a device.</summary>
public enum AttachmentState : byte
{
    /// <summary>It is the guest's to take up: its frontend has not, or not yet.</summary>
    Offered = 0,

    /// <summary>The guest's frontend has it.</summary>
    Connected = 1,

    /// <summary>The guest was asked to let go of it, or its directory is closing.</summary>
    Leaving = 2,

    /// <summary>The backend could not give it to the guest.</summary>
    Failed = 3,
}
