namespace PciBackFlow.Backend.Interrupts;

/// <summary>How a guest's function interrupts it.</summary>
public enum InterruptMode
{
    /// <summary>Not at all: no message is enabled and there is no line.</summary>
    None = 0,

    /// <summary>By its line (INTx), if the guest was given it; no message is enabled.</summary>
    Line = 1,

    /// <summary>By one or several MSI messages.</summary>
    Msi = 2,

    /// <summary>By MSI-X messages.</summary>
    MsiX = 3,
}
