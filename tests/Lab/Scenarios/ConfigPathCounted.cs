namespace PciBackFlow.Lab.Tests.Scenarios;

/// <summary>The same by instructions: what a request costs on its way, whatever else the machine under QEMU does.</summary>
public sealed class ConfigPathCounted(Boot<ConfigPathCounted> boot) : ScenarioTests<ConfigPathCounted>(boot), IScenario
{
    public static bool IsMeasurement => true;

    /// <summary>
    /// Each instruction takes 2 ns, and nothing else takes any time: where both processors sleep, time goes to the next timer at once. So no disk is used
    /// here, whose answers take the machine's own time.
    /// </summary>
    public static Machine Machine => ConfigPathRun.On(
        Machine.Standard with
        {
            Acceleration = ["-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off", "-rtc", "clock=vm"],
            TimeLimit = TimeSpan.FromMinutes(40),
        },
        count: 3000,
        spinMicroseconds: 0);

    /// <summary>Prints the table and keeps it and all samples beside the log; fails only when a figure is missing.</summary>
    [Fact]
    public void The_figures_of_all_three_are_there()
    {
        LabSettings.SkipUnlessAsked(nameof(ConfigPathCounted), IsMeasurement);
        ConfigPathRun.Conclude(nameof(ConfigPathCounted), Boot.Reports, Goals);
    }

    private static PathGoal[] Goals { get; } =
    [
        .. ConfigPathRun.Reads("memory,cold", "register in memory, cold", (0.5, 1.05), (0.9, 1.2)),
        .. ConfigPathRun.Reads("memory,quiet", "register in memory, after 20 quiet seconds", (0.5, 1.05), (0.9, 1.2)),
        .. ConfigPathRun.Reads("bus,cold", "register of the device, cold", (0.5, 1.2), (0.9, null)),
        .. ConfigPathRun.Reads("bus,quiet", "register of the device, after 20 quiet seconds", (0.5, 1.2), (0.9, null)),
        new("`lspci -vvv` in the guest", "listing", ConfigPathRun.All),
        new("dom0's processor time per request", "processor_time", ConfigPathRun.All),
        new("wake-ups of the idle backend", "wakeups_idle", ConfigPathRun.Programs, Most: 1),
        new("system calls of a request, `--spin 0`", "calls_cold", ConfigPathRun.Programs, Most: 3),
        new("system calls of a request that is found by looking, `--spin 1000`", "calls_hot", ConfigPathRun.Programs, Most: 1),
    ];
}
