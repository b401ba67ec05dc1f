namespace PciBackFlow.Filter.Policy;

/// <summary>
/// One rule of a policy: lets writes to some bits of a register through to hardware, or stops them. Names either a register by its
/// row's name, or an offset, or a capability and an offset in it.
/// </summary>
public sealed record PolicyRule
{
    /// <summary>
    /// A register's name as <c>explain</c> prints it (<c>PCIe Device Control</c>), case ignored; or setpci's <c>CAP_EXP</c>,
    /// <c>ECAP_AER</c> with <see cref="Offset"/> counted from there; or null for a plain offset.
    /// </summary>
    public string? Register { get; init; }

    /// <summary>Offset in bytes: from the start of the space, of the capability, or of the register; 0 to 4095.</summary>
    public int Offset { get; init; }

    /// <summary>Bytes: 1, 2 or 4; 0 for the named register's own size.</summary>
    public int Size { get; init; }

    /// <summary>The bits it is about, in the lanes of offset and size.</summary>
    public uint Mask { get; init; } = uint.MaxValue;

    /// <summary>True lets writes through, false stops them.</summary>
    public bool Allow { get; init; } = true;

    /// <summary>Why, for people; empty when not said.</summary>
    public string Reason { get; init; } = string.Empty;

    /// <summary>Where the rule comes from.</summary>
    public SettingOrigin Origin { get; init; } = SettingOrigin.BuiltIn;
}
