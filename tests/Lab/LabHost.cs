using System.Globalization;

namespace PciBackFlow.Lab.Tests;

/// <summary>A host that the lab can boot, a combination of Xen, Linux and QEMU: a row of hosts.txt, which prepare.sh reads as well.</summary>
/// <param name="Name">Names the release of Xen and the series of Linux, e.g. xen4.20-linux6.12; of QEMU, e.g. -qemu10, where it is not the oldest.</param>
/// <param name="Scenarios">The scenarios that CI runs on it by name; the entry <c>all</c> means each but those with a minus sign.</param>
internal sealed record LabHost(string Name, IReadOnlyList<string> Scenarios)
{
    /// <summary>Stands for each scenario.</summary>
    public const string EveryScenario = "all";

    /// <summary>Stands for no scenario: CI leaves the host alone.</summary>
    public const string NoScenario = "none";

    /// <summary>Stands before one that is not meant by it.</summary>
    public const string NotInCi = "-";

    /// <summary>The table's rows in its order; the first is the default.</summary>
    public static IReadOnlyList<LabHost> All { get; } =
        Parse(File.ReadAllLines(Path.Combine(ScenarioScript.Folder, "hosts.txt")));

    /// <summary>QEMU's major release where a name does not say it.</summary>
    public const int OldestEmulator = 7;

    private const string EmulatorMark = "-qemu";

    /// <summary>QEMU's major release, as the name says it; prepare.sh refuses a suite that has another.</summary>
    public int Emulator => Name.IndexOf(EmulatorMark, StringComparison.Ordinal) is >= 0 and int mark
        ? int.Parse(Name.AsSpan(mark + EmulatorMark.Length), NumberStyles.None, CultureInfo.InvariantCulture)
        : OldestEmulator;

    /// <summary>Whether CI runs a scenario on it, if its QEMU can.</summary>
    public bool Runs(string scenario) =>
        Scenarios.Contains(scenario) || (Scenarios.Contains(EveryScenario) && !Scenarios.Contains(NotInCi + scenario));

    /// <summary>Reads the table: five columns a row, comments begin with a number sign.</summary>
    /// <exception cref="FormatException">A row has other than five columns.</exception>
    public static IReadOnlyList<LabHost> Parse(IEnumerable<string> lines) =>
        [.. lines.Where(static line => line.Trim() is { Length: > 0 } and not ['#', ..]).Select(static line =>
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var name, _, _, _, var scenarios]
                ? new LabHost(name, scenarios.Split(','))
                : throw new FormatException($"not five columns: {line}"))];

    /// <summary>The host of a name; without a name the default.</summary>
    /// <exception cref="InvalidOperationException">The table has no such host.</exception>
    public static LabHost Named(string? name) => name is null
        ? All[0]
        : All.FirstOrDefault(host => host.Name == name)
            ?? throw new InvalidOperationException($"no host is named {name}; there are: {string.Join(' ', All.Select(host => host.Name))}");
}
