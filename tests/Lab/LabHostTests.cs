namespace PciBackFlow.Lab.Tests;

/// <summary>The table of hosts; these run without the lab.</summary>
public sealed class LabHostTests
{
    [Fact]
    public void The_default_host_runs_every_scenario()
    {
        Assert.Same(LabHost.All[0], LabHost.Named(null));
        Assert.Equal([LabHost.EveryScenario], LabHost.All[0].Scenarios);
    }

    [Fact]
    public void Every_host_has_a_name_of_its_own_that_prepare_can_take_apart() =>
        Assert.All(LabHost.All.GroupBy(host => host.Name), same => Assert.Matches(@"^xen\d+\.\d+-linux\d+\.\d+$", Assert.Single(same).Name));

    [Fact]
    public void Every_scenario_in_the_table_exists()
    {
        IEnumerable<string> scenarios = ScenarioScript.Scenarios.Select(type => type.Name).Append(LabHost.EveryScenario);

        Assert.All(LabHost.All.SelectMany(host => host.Scenarios), scenario => Assert.Contains(scenario, scenarios));
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
}
