namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <summary>
/// What a <see cref="LoopbackPassthrough"/> asks of a function where Xen would look into its configuration space.
/// </summary>
public sealed record LoopbackFunctionTraits
{
    /// <summary>Entries of its MSI-X table, 0 to 2048; 0: no MSI-X.</summary>
    public int MsixEntries { get; init; } = 2048;

    /// <summary>Vectors of its MSI capability, 0 to 32; 0: no MSI.</summary>
    public int MsiVectors { get; init; } = 32;

    /// <summary>Whether it decodes memory accesses now; null: always.</summary>
    public Func<bool>? DecodesMemory { get; init; }

    /// <summary>Called when message state is written back into it (restore_msi_ext); null: nothing happens to it.</summary>
    public Action? Restored { get; init; }
}
