namespace PciBackFlow.Lab.Tests;

/// <summary>The table of hosts; these run without the lab.</summary>
public sealed class LabHostTests
{
    [Fact]
    public void The_first_host_is_the_default() => Assert.Same(LabHost.All[0], LabHost.Named(null));

    /// <summary>But for the one that measures, and those of which the default host's row says that they are not.</summary>
    [Fact]
    public void Every_scenario_is_run_by_ci_on_some_host() => Assert.All(
        ScenarioScript.Scenarios.Where(static type =>
            type.Name != nameof(Scenarios.AgainstXenPciback) && !LabHost.All[0].Scenarios.Contains(LabHost.NotInCi + type.Name)),
        scenario => Assert.Contains(LabHost.All, host => host.Runs(scenario.Name) && host.Emulator >= EmulatorOf(scenario)));

    [Fact]
    public void A_scenario_that_a_host_names_can_boot_with_its_emulator() => Assert.All(
        ScenarioScript.Scenarios,
        scenario => Assert.All(
            LabHost.All.Where(host => host.Scenarios.Contains(scenario.Name)),
            host => Assert.InRange(host.Emulator, EmulatorOf(scenario), int.MaxValue)));

    [Fact]
    public void Every_host_has_a_name_of_its_own_that_prepare_can_take_apart() =>
        Assert.All(LabHost.All.GroupBy(host => host.Name), same => Assert.Matches(@"^xen\d+\.\d+-linux\d+\.\d+(-qemu\d+)?$", Assert.Single(same).Name));

    [Theory]
    [InlineData("xen4.20-linux6.12", LabHost.OldestEmulator)]
    [InlineData("xen4.20-linux6.12-qemu10", 10)]
    public void A_name_says_how_old_the_emulator_is(string name, int emulator) => Assert.Equal(emulator, new LabHost(name, []).Emulator);

    [Fact]
    public void All_scenarios_can_be_all_but_some()
    {
        LabHost host = Assert.Single(LabHost.Parse(["xen4.20-linux6.12  trixie trixie bookworm  all,-Many"]));

        Assert.True(host.Runs("FirstNic"));
        Assert.False(host.Runs("Many"));
    }

    [Fact]
    public void Every_scenario_in_the_table_exists()
    {
        IEnumerable<string> scenarios = ScenarioScript.Scenarios.Select(type => type.Name).Append(LabHost.EveryScenario).Append(LabHost.NoScenario);

        Assert.All(LabHost.All.SelectMany(host => host.Scenarios), scenario => Assert.Contains(scenario.TrimStart('-'), scenarios));
    }

    [Fact]
    public void A_host_runs_the_scenarios_that_its_row_names()
    {
        LabHost host = Assert.Single(LabHost.Parse(
            ["# name Xen Linux QEMU scenarios", "", "xen4.17-linux6.1  bookworm bookworm trixie  FirstNic,UnmodifiedXl"]));

        Assert.Equal("xen4.17-linux6.1", host.Name);
        Assert.True(host.Runs("FirstNic"));
        Assert.True(host.Runs("UnmodifiedXl"));
        Assert.False(host.Runs("HotPlug"));
    }

    [Theory]
    [InlineData("xen4.17-linux6.1 bookworm bookworm trixie")]
    [InlineData("xen4.17-linux6.1 bookworm bookworm trixie FirstNic, UnmodifiedXl")]
    public void A_row_with_another_number_of_columns_is_refused(string row) => Assert.Throws<FormatException>(() => LabHost.Parse([row]));

    [Fact]
    public void An_unknown_host_is_refused_with_those_that_there_are()
    {
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => LabHost.Named("xen4.0-linux2.6"));

        Assert.Contains("xen4.0-linux2.6", failure.Message, StringComparison.Ordinal);
        Assert.Contains(LabHost.All[0].Name, failure.Message, StringComparison.Ordinal);
    }

    // What a scenario does not say itself is the interface's.
    private static int EmulatorOf(Type scenario) =>
        (int?)scenario.GetProperty(nameof(IScenario.EmulatorAtLeast))?.GetValue(null) ?? LabHost.OldestEmulator;
}
