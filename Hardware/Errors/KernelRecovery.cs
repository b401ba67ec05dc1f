namespace PciBackFlow.Hardware.Errors;

/// <summary>What the kernel has said about its own recovery of a function (<c>ERROR_EVENT</c>, drivers/pci/pci-driver.c, pci_uevent_ers).</summary>
public enum KernelRecovery
{
    /// <summary>Nothing.</summary>
    Unknown,

    /// <summary>It has begun.</summary>
    Begun,

    /// <summary>It has succeeded: every driver below the port has a handler.</summary>
    Succeeded,

    /// <summary>It has failed, as it does where a function has no driver.</summary>
    Failed,
}
