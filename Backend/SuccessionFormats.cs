using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Inheritance;

namespace PciBackFlow.Backend;

/// <summary>The forms of the files that one daemon leaves and another reads, by name.</summary>
internal static class SuccessionFormats
{
    /// <summary>As this program writes them.</summary>
    public static readonly IReadOnlyDictionary<string, int> All = new Dictionary<string, int>
    {
        ["state"] = StateFile.Version,
        ["journal"] = GrantJournal.Format,
        ["guests"] = LeftGuest.CurrentFormat,
        ["registers"] = (int)RegisterHeader.Format,
    };
}
