using PciBackFlow.Filter.Files;

namespace PciBackFlow.Filter.Policy;

/// <summary>Where a setting was made.</summary>
public enum SettingSource : byte
{
    /// <summary>Nobody set it.</summary>
    BuiltIn = 0,

    /// <summary>The daemon's configuration file.</summary>
    Configuration = 1,

    /// <summary>A policy file.</summary>
    PolicyFile = 2,

    /// <summary>A verb of the command line or a request to the control API.</summary>
    Verb = 3,

    /// <summary>The toolstack's <c>opts-N</c> in xenstore.</summary>
    ToolstackOptions = 4,

    /// <summary>A parameter or attribute in the form of Linux xen-pciback (<c>quirks</c>, <c>permissive</c>).</summary>
    DriverParameter = 5,
}
