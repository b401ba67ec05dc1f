namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>What a guest waits for a register, by the clock: Linux's xen-pciback, a C loop and the daemon in turn, in one boot.</summary>
public sealed class ConfigPath(Boot<ConfigPath> boot) : ScenarioTests<ConfigPath>(boot), IScenario
{
    public static bool IsMeasurement => true;

    /// <summary>The standard one, with the daemon's default of looking 20 µs before it sleeps.</summary>
    public static Machine Machine => ConfigPathRun.On(Machine.Standard with { TimeLimit = TimeSpan.FromMinutes(30) }, count: 3000, spinMicroseconds: 20);

    /// <summary>Prints the table and keeps it and all samples beside the log; fails only when a figure is missing.</summary>
    [Fact]
    public void The_figures_of_all_three_are_there()
    {
        LabSettings.SkipUnlessAsked(nameof(ConfigPath), IsMeasurement);
        ConfigPathRun.Conclude(nameof(ConfigPath), Boot.Reports, Goals);
    }

    private static PathGoal[] Goals { get; } =
    [
        .. ConfigPathRun.Reads("memory,cold", "register in memory, cold", (0.5, 0.9), (0.99, 1.2), (0.999, null)),
        .. ConfigPathRun.Reads("memory,quiet", "register in memory, after 20 quiet seconds", (0.5, 0.9), (0.99, 1.2), (0.999, null)),
        .. ConfigPathRun.Reads("bus,cold", "register of the device, cold", (0.5, 0.9), (0.99, 1.2), (0.999, null)),
        .. ConfigPathRun.Reads("bus,quiet", "register of the device, after 20 quiet seconds", (0.5, 0.9), (0.99, 1.2), (0.999, null)),
        new("`lspci -vvv` in the guest", "listing", ConfigPathRun.All, MostRatio: 1),
        new("load of e1000e", "load_e1000e", ConfigPathRun.Drivers, MostRatio: 1),
        new("load of nvme", "load_nvme", ConfigPathRun.Drivers, MostRatio: 1),
        new("dom0's processor time per request", "processor_time", ConfigPathRun.All),
        new("wake-ups of the idle backend", "wakeups_idle", ConfigPathRun.Programs, Most: 1),
        new("system calls of a request, default spin", "calls_cold", ConfigPathRun.Programs),
    ];
}
