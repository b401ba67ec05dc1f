using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>The daemon is killed in the middle of a hot-plug or of taking a device back: its successor and the two others bring it to its end.</summary>
public sealed class HotPlugUnderRestartTests
{
    private const int Domain = 5;

    public enum When
    {
        BeforeTheBackendSaw,
        WhileTheGuestAnswers,
        BeforeTheGuestSaw,
    }

    [Theory]
    [InlineData(When.BeforeTheBackendSaw)]
    [InlineData(When.WhileTheGuestAnswers)]
    [InlineData(When.BeforeTheGuestSaw)]
    public void A_device_that_is_plugged_in_arrives(When when)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic);
        Between(bench, frontend, when, () => bench.AddDevice(Domain, 1, RestartBench.Sound));
        Assert.Equal(("3", "0000:00:01.00"), (bench.Key(Domain, "state-1"), bench.Key(Domain, "vdev-1")));
        Assert.Equal((PciOpStatus.Success, 0x2668_8086u), frontend.Read(8, 0, 4));
        Assert.Equal(PciOpStatus.Success, frontend.Read(0, 0, 4).Status);
    }

    [Theory]
    [InlineData(When.BeforeTheBackendSaw)]
    [InlineData(When.WhileTheGuestAnswers)]
    [InlineData(When.BeforeTheGuestSaw)]
    public void A_device_that_the_guest_is_asked_for_is_taken(When when)
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic, RestartBench.Sound);
        ConnectedGuestTests.EnableMsix(frontend);
        Between(bench, frontend, when, () => bench.AskForDevice(Domain, 0));
        Assert.Equal(PciOpStatus.DeviceNotFound, frontend.Read(0, 0, 4).Status);
        Assert.Equal(PciOpStatus.Success, frontend.Read(8, 0, 4).Status);
        Assert.Empty(bench.Pirqs(Domain));
        bench.RemoveDevice(Domain, RestartBench.Nic);
        Bench.Eventually(() => bench.Snapshot(Domain)!.Functions.Count == 1, "one left");
    }

    /// <summary>libxl after its time-out, while nobody was there.</summary>
    [Fact]
    public void A_device_whose_keys_were_removed_meanwhile_is_taken_back()
    {
        using RestartBench bench = new();
        using SmallFrontend frontend = bench.Connect(Domain, RestartBench.Nic, RestartBench.Sound);
        ConnectedGuestTests.EnableMsix(frontend);
        bench.Kill();
        bench.RemoveDevice(Domain, RestartBench.Nic);
        bench.StartNext();
        bench.AwaitServed(Domain);
        Bench.Eventually(() => bench.Pirqs(Domain).Count == 0, "its messages are gone");
        Assert.Equal(PciOpStatus.DeviceNotFound, frontend.Read(0, 0, 4).Status);
        Assert.Equal(PciOpStatus.Success, frontend.Read(8, 0, 4).Status);
    }

    private static void Between(RestartBench bench, SmallFrontend frontend, When when, Action toolstack)
    {
        if (when == When.BeforeTheBackendSaw)
        {
            bench.Kill();
            toolstack();
            bench.StartNext();
            frontend.Write("state", "7");
        }
        else if (when == When.WhileTheGuestAnswers)
        {
            toolstack();
            bench.Kill();
            frontend.Write("state", "7");
            bench.StartNext();
        }
        else
        {
            toolstack();
            frontend.Write("state", "7");
            bench.AwaitState(Domain, 8);
            bench.KillAndStartNext();
        }

        bench.AwaitState(Domain, 8);
        frontend.Write("state", "4");
        bench.AwaitState(Domain, 4);
        bench.AwaitServed(Domain);
    }
}
