using System.Globalization;

namespace PciBackFlow.Lab.Tests;

/// <summary>What the environment says: whether the lab runs, on which host, where it was prepared, what it tests.</summary>
internal static class LabSettings
{
    private const string Switch = "PCIBACKFLOW_LAB";
    private const string MeasureSwitch = "PCIBACKFLOW_MEASURE";
    private const string HostVariable = "PCIBACKFLOW_LAB_HOST";
    private const string ScenariosVariable = "PCIBACKFLOW_LAB_SCENARIOS";
    private const string InCi = "ci";
    private const string UntilVariable = "PCIBACKFLOW_LAB_UNTIL";

    // What a boot that was begun in the last moment still gets.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(15);

    /// <summary>The host that boots: PCIBACKFLOW_LAB_HOST, default the table's first.</summary>
    public static LabHost Host => ChosenHost.Value;

    /// <summary>The folder that prepare.sh filled, for all hosts.</summary>
    public static string Cache { get; } = Variable("PCIBACKFLOW_LAB_CACHE")
        ?? Path.Combine(
            Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "pcibackflow-lab");

    /// <summary>The part of it that the chosen host boots from.</summary>
    public static string HostFolder => Path.Combine(Cache, Host.Name);

    /// <summary>Where each boot's log is kept until its next one on the same host.</summary>
    public static string Logs => Path.Combine(Cache, "logs", Host.Name);

    /// <summary>The binary under test, when one is named.</summary>
    public static string? Native { get; } = Variable("PCIBACKFLOW_NATIVE");

    // Late, so that a name that is not in the table fails the tests that boot, with its reason, and not this type.
    private static readonly Lazy<LabHost> ChosenHost = new(() => LabHost.Named(Variable(HostVariable)));

    // What QEMU takes at most (Machine: 3 GiB, the translated code, its own).
    private const long BootBytes = 3584L << 20;

    /// <summary>How many boots may run at once: each keeps a core busy, now and then two, and wants 3.5 GiB. PCIBACKFLOW_LAB_BOOTS says otherwise.</summary>
    public static int ConcurrentBoots { get; } =
        int.TryParse(Variable("PCIBACKFLOW_LAB_BOOTS"), CultureInfo.InvariantCulture, out int boots) && boots > 0
            ? boots
            : (int)Math.Max(1, Math.Min(Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / BootBytes));

    /// <summary>
    /// How QEMU runs the emulated processors: PCIBACKFLOW_LAB_THREADS, <c>multi</c> (side by side, default) or
    /// <c>single</c> (in turn: slower, steadier).
    /// </summary>
    public static string Threads { get; } = Variable("PCIBACKFLOW_LAB_THREADS") == "single" ? "single" : "multi";

    /// <summary>How many times longer than on an idle machine everything may take: PCIBACKFLOW_LAB_SLOWNESS, default 1.</summary>
    public static int Slowness { get; } =
        int.TryParse(Variable("PCIBACKFLOW_LAB_SLOWNESS"), CultureInfo.InvariantCulture, out int slowness) && slowness > 0 ? slowness : 1;

    /// <summary>
    /// When no boot is begun any more: PCIBACKFLOW_LAB_UNTIL, in seconds since 1970; default never. So a run on a machine that is slower than expected
    /// ends in time, with the cases of the boots that were left out skipped and named.
    /// </summary>
    public static DateTimeOffset Until { get; } = long.TryParse(Variable(UntilVariable), CultureInfo.InvariantCulture, out long until)
        ? DateTimeOffset.FromUnixTimeSeconds(until)
        : DateTimeOffset.MaxValue;

    /// <summary>How long a boot that begins now may take.</summary>
    /// <param name="limit">What its machine allows on an idle processor.</param>
    public static TimeSpan LimitFrom(TimeSpan limit)
    {
        limit *= Slowness;
        TimeSpan left = Until == DateTimeOffset.MaxValue ? TimeSpan.MaxValue : Until - DateTimeOffset.UtcNow + Grace;
        return limit < left ? limit : left;
    }

    /// <summary>How many guests a measurement uses for each of its figures; 0: no figures were asked for.</summary>
    public static int MeasuredGuests { get; } =
        int.TryParse(Variable(MeasureSwitch), CultureInfo.InvariantCulture, out int guests) && guests > 0 ? guests : 0;

    /// <summary>Skips the current test unless the lab was asked for, and this scenario of the chosen host.</summary>
    /// <param name="scenario">The scenario's name.</param>
    /// <param name="isMeasurement">Whether figures must have been asked for as well: they take minutes and prove nothing.</param>
    /// <param name="emulatorAtLeast">The QEMU that its machine needs.</param>
    public static void SkipUnlessAsked(string scenario, bool isMeasurement = false, int emulatorAtLeast = LabHost.OldestEmulator)
    {
        Assert.SkipUnless(
            Variable(Switch) == "1",
            $"needs {Switch}=1 after tests/Lab/prepare.sh, which installs QEMU, Xen and a kernel from Debian packages (docs/lab.md)");
        Assert.SkipWhen(isMeasurement && MeasuredGuests == 0, $"needs {MeasureSwitch}=3, the number of guests for each figure (docs/performance.md)");
        Assert.SkipUnless(
            Host.Emulator >= emulatorAtLeast,
            $"needs QEMU {emulatorAtLeast} or newer, and {Host.Name} has {Host.Emulator}; others have it: "
                + string.Join(", ", LabHost.All.Where(host => host.Emulator >= emulatorAtLeast).Select(host => host.Name)));
        Assert.SkipUnless(
            Host.Runs(scenario) || Variable(ScenariosVariable) != InCi,
            $"in CI {Host.Name} runs only {string.Join(", ", Host.Scenarios)}; without {ScenariosVariable}={InCi} it runs this as well (tests/Lab/hosts.txt)");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
