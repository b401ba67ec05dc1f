namespace PciBackFlow.Filter.Map;

/// <summary>Who decides about writes to a register.</summary>
public enum WriteRule : byte
{
    /// <summary>No rule of its own: the profile's default and the policy's rules decide.</summary>
    ByPolicy = 0,

    /// <summary>Writes are accepted and ignored in every profile.</summary>
    ReadOnly = 1,

    /// <summary>The register's writable bits reach hardware in every profile.</summary>
    Writable = 2,

    /// <summary>The guest's writes stay in its virtual value.</summary>
    Virtual = 3,

    /// <summary>A write has a side effect with rules of its own.</summary>
    SideEffect = 4,

    /// <summary>No policy lets a write through.</summary>
    HardDenied = 5,
}
