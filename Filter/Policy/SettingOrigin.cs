namespace PciBackFlow.Filter.Policy;

/// <summary>Where a setting comes from, kept so that the effective value can be traced.</summary>
/// <param name="Source">The kind of place.</param>
/// <param name="Detail">Which one: a file and line, a verb, a xenstore key; empty when there is nothing to say.</param>
public readonly record struct SettingOrigin(SettingSource Source, string Detail)
{
    /// <summary>Nobody set it.</summary>
    public static SettingOrigin BuiltIn { get; } = new(SettingSource.BuiltIn, string.Empty);

    /// <inheritdoc/>
    public override string ToString()
    {
        string place = Source switch
        {
            SettingSource.Configuration => "configuration",
            SettingSource.PolicyFile => "policy file",
            SettingSource.Verb => "command",
            SettingSource.ToolstackOptions => "toolstack options",
            SettingSource.DriverParameter => "xen-pciback parameter",
            _ => "built in",
        };
        return string.IsNullOrEmpty(Detail) ? place : $"{place} {Detail}";
    }
}
