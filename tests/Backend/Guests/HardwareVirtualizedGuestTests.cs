using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Failures;


namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>Guests whose devices QEMU serves.</summary>
public sealed class HardwareVirtualizedGuestTests
{
    [Fact]
    public void Directories_of_a_guest_that_its_device_model_serves_are_left_alone()
    {
        using Bench bench = new();
        bench.Host.CreateDomain(9).IsHardwareVirtualized = true;
        bench.Create(9, Bench.HostA);
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Assert.Equal("3", bench.Read(7, "state-0"));
        Assert.Equal((1, "1", null), (bench.State(9), bench.Read(9, "state-0"), bench.Read(9, "vdev-0")));
        Assert.True(bench.Backend.ReadPasses(new(9, 0)) < 20, "an idle directory is not read over and over");
    }

    [Fact]
    public async Task A_hardware_virtualised_guest_gets_nothing_from_here_whatever_its_frontend_does_and_pci_attach_says_why()
    {
        using TemporaryFolder folder = new();
        ListedCustody custody = new(Bench.HostC.ToString());
        using Bench bench = new(options: standard => standard with
        {
            Devices = new() { Custody = custody, JournalDirectory = folder["run"] },
        });
        bench.Host.CreateDomain(9).IsHardwareVirtualized = true;
        bench.Create(9, Bench.HostA);
        using SmallFrontend frontend = new(bench, 9);
        frontend.Publish();
        Bench.Eventually(() => bench.Backend.ReadPasses(new(9, 0)) > 0, "looked at");
        foreach (string state in new[] { "4", "5", "6", "1", "3", "7" })
        {
            frontend.Write("state", state);
        }

        BackendException refused = await Assert.ThrowsAsync<BackendException>(() => bench.Backend.Toolstack!.AttachAsync(
            new(9, PciSpec.Parse(Bench.HostC.ToString()), Wait: false, Keep: false, Force: false), TestContext.Current.CancellationToken));

        // A paravirtualised guest's whole handshake later.
        using SmallFrontend served = bench.Connect(7, Bench.HostB);
        Assert.Equal(BackendFailure.Refused, refused.Failure);
        Assert.Contains("HVM or PVH guest", refused.Message, StringComparison.Ordinal);
        Assert.Equal((1, "1", null, null), (bench.State(9), bench.Read(9, "state-0"), bench.Read(9, "vdev-0"), bench.Error(9)));
        Assert.Equal("1", bench.Read(9, "num_devs"));
        Assert.False(bench.Snapshot(9) is { IsAttached: true });
        Assert.Equal((1, 0), (bench.Platform.Count, bench.Backend.OpenGrants));
        Assert.Empty(custody.Asked);
    }
}
