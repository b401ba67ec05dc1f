namespace PciBackFlow.Backend.Errors;

/// <summary>How far a recovery is. The steps are those of Linux's Documentation/PCI/pci-error-recovery.rst.</summary>
public enum RecoveryPhase
{
    /// <summary>Step 1: drivers are told of the error.</summary>
    Detecting,

    /// <summary>Step 2: drivers may look at their devices.</summary>
    Enabling,

    /// <summary>Steps 3 and 4: the devices are reset and their registers written back.</summary>
    Resetting,

    /// <summary>Step 4: drivers are told of the reset.</summary>
    Reinitialising,

    /// <summary>Step 5: drivers go on.</summary>
    Resuming,

    /// <summary>Step 6: drivers are told that nothing helped.</summary>
    Failing,

    /// <summary>The devices work.</summary>
    Recovered,

    /// <summary>They do not, or nobody in the guest could tell.</summary>
    Failed,

    /// <summary>The guest is gone, or has the devices no more.</summary>
    Abandoned,
}
