using PciBackFlow.Filter.Run;

namespace PciBackFlow.Filter.Map;

/// <summary>What one step of an access plan does to the function. Everything that is not a plain access is a register with a side effect.</summary>
public enum PlanAction : byte
{
    /// <summary>Read hardware; the plan's <see cref="AccessPlan.HardwareMask"/> says which bits of it the guest sees.</summary>
    Read = 0,

    /// <summary>Write the value as it is.</summary>
    Write = 1,

    /// <summary>Read, replace the bits of the mask by the value's, write back.</summary>
    Merge = 2,

    /// <summary>The function's Command register received a new virtual value.</summary>
    Command = 3,

    /// <summary>A base address was written with the host's own value: restore it in hardware if hardware lost it.</summary>
    RestoreBaseAddress = 4,

    /// <summary>BIST.</summary>
    SelfTest = 5,

    /// <summary>Power management control and status.</summary>
    PowerControl = 6,

    /// <summary>VPD address.</summary>
    VpdAddress = 7,

    /// <summary>MSI message control.</summary>
    MsiControl = 8,

    /// <summary>MSI-X message control.</summary>
    MsixControl = 9,

    /// <summary>Function level reset asked for by the guest.</summary>
    FunctionLevelReset = 10,
}
