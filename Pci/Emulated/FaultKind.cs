namespace PciBackFlow.Pci.Emulated;

/// <summary>How an emulated function misbehaves.</summary>
public enum FaultKind
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>Accesses fail.</summary>
    Fails,

    /// <summary>Reads succeed with all ones, writes are lost: what a bus gives when nobody answers. The function's state is kept.</summary>
    AllOnes,

    /// <summary>Accesses take <see cref="FunctionFaults.Delay"/> longer.</summary>
    Slow,

    /// <summary>Accesses do not return until <see cref="FunctionFaults.Release"/>.</summary>
    Hangs,

    /// <summary>The function is gone for good: as <see cref="AllOnes"/>, and its operations fail.</summary>
    Vanished,
}
