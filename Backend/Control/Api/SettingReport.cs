namespace PciBackFlow.Backend.Control.Api;

/// <summary>One effective setting.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Its value as text.</param>
/// <param name="Origin">Where the value comes from: <c>default</c>, <c>option --spin</c>, <c>file PATH</c>; of policies
/// also xl's <c>opts-N</c> and such.</param>
public sealed record SettingReport(string Key, string Value, string Origin)
{
    /// <summary>Whether a key of the configuration is about what guests may do: what a daemon reads again.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Whether it is.</returns>
    public static bool IsPolicy(string key) => key is "policy" or "quirks" || key.StartsWith("devices.", StringComparison.Ordinal);
}
