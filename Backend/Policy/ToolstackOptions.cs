using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Text;

namespace PciBackFlow.Backend.Policy;

/// <summary>
/// What the toolstack wants for one device, from <c>opts-N</c>: <c>key=value</c> pairs separated by commas, as libxl writes them
/// (<c>msitranslate=0,power_mgmt=0,permissive=1,rdm_policy=strict</c>). <c>permissive</c> alone concerns the filter.
/// </summary>
/// <param name="Key">The key it was read from, <c>opts-0</c>.</param>
/// <param name="IsPermissive">Whether <c>permissive=1</c> was asked for. libxl always writes the key: 0 asks for nothing.</param>
/// <param name="Complaint">What was not understood, one sentence; null when everything was.</param>
public sealed record ToolstackOptions(string Key, bool IsPermissive, string? Complaint)
{
    /// <summary>This program's own option: a function that gets a slot to itself becomes its function 0. libxl and xen-pciback skip it.</summary>
    public const string Lone = "lone";

    /// <summary>Whether <see cref="Lone"/> was asked for.</summary>
    public bool IsLone { get; init; }

    /// <summary>Longest text that is looked at, in characters; libxl's own has less than 100.</summary>
    public const int MaxLength = 256;

    // libxl's others: msitranslate and power_mgmt are qemu-traditional's, rdm_policy was acted upon before the backend sees the device.
    private static readonly string[] NotOurs = ["msitranslate", "power_mgmt", "rdm_policy"];

    /// <summary>Reads a value. Never fails: what is not understood is ignored and complained about once.</summary>
    /// <param name="key">The key it was read from, for reports.</param>
    /// <param name="text">The value; null when the key is missing.</param>
    /// <returns>The options; null when there are none.</returns>
    public static ToolstackOptions? Parse(string key, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (text.Length > MaxLength)
        {
            return new(key, IsPermissive: false, $"{key} is longer than {MaxLength} characters; ignored");
        }

        bool permissive = false;
        bool isLone = false;
        string? complaint = null;
        foreach (string item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = item.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? item : item[..equals];
            string value = equals < 0 ? string.Empty : item[(equals + 1)..];
            if (name == "permissive" && value is "0" or "1")
            {
                permissive |= value == "1";
            }
            else if (name == Lone && value is "0" or "1")
            {
                isLone |= value == "1";
            }
            else if (name == "permissive" || !NotOurs.Contains(name, StringComparer.Ordinal))
            {
                complaint ??= $"{key}: '{ForeignText.Shown(item, limit: 32)}' is not an option known here; ignored";
            }
        }

        return new(key, permissive, complaint) { IsLone = isLone };
    }

    /// <summary>What the toolstack says: its <c>permissive=1</c> is the administrator's word on this one device, over the daemon's default.</summary>
    public PolicyStatement Statement => IsPermissive
        ? PolicyStatement.Of(PolicyProfile.Permissive, new(SettingSource.ToolstackOptions, Key))
        : PolicyStatement.Nothing;
}
