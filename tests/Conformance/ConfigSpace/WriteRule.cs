namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>What the published behaviour says about writes to one byte under one policy.</summary>
internal enum WriteRule : byte
{
    /// <summary>No rule of its own: dropped by the default policy, passed by the permissive one.</summary>
    Unknown = 0,

    /// <summary>A register that takes the write and ignores it, in every policy.</summary>
    Ignored,

    /// <summary>Never written, in every policy, whatever is asked.</summary>
    HardDenied,

    /// <summary>Written through in every policy.</summary>
    Through,

    /// <summary>A rule with conditions, which has a test of its own.</summary>
    Own,

    /// <summary>The sources leave it open for the permissive policy; dropped by the default one.</summary>
    Open,
}
