namespace PciBackFlow.Filter.Map;

/// <summary>The parts of a policy that side effects ask for at run time.</summary>
[Flags]
public enum MapSettings : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Writes without a rule of their own pass; Command's guest bits and the MSI controls are written through.</summary>
    Permissive = 1,

    /// <summary>A write to a register without a rule of its own answers <c>access_denied</c> instead of success, even if it would change nothing.</summary>
    SayDenied = 2,

    /// <summary>The guest may switch MSI, MSI-X and INTx in the registers themselves (a device model in a stub domain).</summary>
    InterruptControl = 4,

    /// <summary>Command's Interrupt Disable is emulated: interrupt control does not bring it to hardware (QEMU's masks).</summary>
    EmulatedLineInterrupt = 8,

    /// <summary>A power state that the guest writes is the function's; without, it is answered as if it were.</summary>
    PowerStates = 16,

    /// <summary>How a function tunes its link (payload, read requests, tags) is answered to the guest as it wrote it, and stays the host's.</summary>
    AnsweredTuning = 32,
}
