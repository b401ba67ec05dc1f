namespace PciBackFlow.Backend.Failures;

/// <summary>Why a guest does not get a device, as far as that is the guest's to know: nothing of other guests or of the host.</summary>
public enum DeviceFailureKind
{
    /// <summary>What names it cannot be read.</summary>
    Malformed,

    /// <summary>It is not held for guests.</summary>
    NotHeld,

    /// <summary>Somebody else has it, or something that it shares with others.</summary>
    InUse,

    /// <summary>It does not answer.</summary>
    Gone,

    /// <summary>It is there, but not in a state in which a guest could have it.</summary>
    Unusable,

    /// <summary>It is of a kind that no guest can have.</summary>
    Unsupported,

    /// <summary>Its guest's bus has no place for it.</summary>
    NoSlot,
}
