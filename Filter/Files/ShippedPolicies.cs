using System.Diagnostics.CodeAnalysis;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Filter.Files;

/// <summary>
/// The policies that come with the program, for devices whose drivers are known to write what the default denies: each is a file (<c>Shipped/NAME.json</c>,
/// embedded) as <c>learn</c> gives it, with the driver's source as the reason of each rule. docs/filter.md prints the table.
/// </summary>
public static class ShippedPolicies
{
    private const string Prefix = "Policies/";
    private const string Suffix = ".json";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ShippedPolicy> Table { get; } =
    [
        new("igb", "igb", "Intel 82575, 82576, 82580, I350, I210", "CAP_EXP+28.w=5", "completion time-outs as the firmware left them"),
        new(
            "iwlwifi", "iwlwifi, iwlegacy", "Intel wireless whose 0x40 is no capability (4965AGN and others)", "41.b=0",
            "transmit retries that may keep the processor from C3"),
        new("r8169", "r8169", "Realtek RTL8168, RTL8111 with an extended space", "70f.b=27", "the link's own times for L0s and L1"),
        new(
            "snd-hda-intel", "snd_hda_intel", "Intel high definition audio", "44.b=0",
            "static with some codecs, where the firmware has set another traffic class"),
        new(
            "uhci-hcd", "uhci_hcd", "Intel USB 1 controllers", "c0.w=8f00 c0.w=2000",
            "the keyboard emulation's events stay set; the interrupt as the host left it"),
    ];

    /// <summary>The names.</summary>
    public static IEnumerable<string> Names => Table.Select(static policy => policy.Name);

    /// <summary>The text of one, as it is in the file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="utf8">The text; null when there is none of that name.</param>
    /// <returns>Whether there is one.</returns>
    public static bool TryRead(string name, [NotNullWhen(true)] out byte[]? utf8)
    {
        utf8 = null;
        using Stream? stream = typeof(ShippedPolicies).Assembly.GetManifestResourceStream(Prefix + name + Suffix);
        if (stream is null)
        {
            return false;
        }

        utf8 = new byte[stream.Length];
        stream.ReadExactly(utf8);
        return true;
    }

    /// <summary>Reads the policy that a word means: one that comes with the program by its name, else a file.</summary>
    /// <param name="word">A name, or a path. A file of the same name as a policy is meant by its path: <c>./igb</c>.</param>
    /// <param name="beside">What a relative path counts from; the current directory when null.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="PolicyFileException">The file is refused.</exception>
    public static PolicyStatement Load(string word, string? beside = null) => TryRead(word, out byte[]? utf8)
        ? PolicyFile.Parse(utf8, word)
        : PolicyFile.Load(beside is null ? word : Path.Combine(beside, word));
}
