namespace PciBackFlow.Hardware.Errors;

/// <summary>How bad an error is (PCI Express Base 3.0 §6.2.2). Ordered: the higher one includes what the lower one asks for.</summary>
public enum ErrorSeverity
{
    /// <summary>Hardware has corrected it.</summary>
    Correctable,

    /// <summary>A transaction is lost; the link works.</summary>
    NonFatal,

    /// <summary>The link is not reliable any more; the kernel resets it.</summary>
    Fatal,
}
