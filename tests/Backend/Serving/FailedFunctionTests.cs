using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>A function that stops answering in a guest's hands: <c>aerState</c> tells the toolstack, as xen-pciback's does.</summary>
public sealed class FailedFunctionTests
{
    // Status: one that hardware answers.
    private const int Status = 0x06;

    [Theory]
    [InlineData(FaultKind.AllOnes)]
    [InlineData(FaultKind.Vanished)]
    public void A_function_that_stops_answering_is_told_to_the_toolstack_and_the_others_go_on(FaultKind fault)
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostWaking, Bench.HostB);
        using SmallFrontend other = bench.Connect(8, Bench.HostA);
        Assert.Null(bench.Read(7, "aerState"));

        bench.Waking.Faults.Inject(fault);
        Assert.Equal((PciOpStatus.Success, 0xFFFFu), frontend.Read(devfn: 0, Status, size: 2));

        Bench.Eventually(() => bench.Read(7, "aerState") == "aerfail", "the toolstack is told");
        Assert.Contains(bench.Lines.Texts, line => line.Contains("0000:07:00.0 does not answer any more", StringComparison.Ordinal));
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 8, offset: 0, size: 4).Value);
        Assert.Equal((4, (string?)null), (bench.State(7), bench.Error(7)));
        Assert.Null(bench.Read(8, "aerState"));
        Assert.Equal(Bench.IdOf(Bench.HostA), other.Read(devfn: 0, offset: 0, size: 4).Value);
    }

    [Fact]
    public void Once_the_guest_has_no_failed_function_any_more_nothing_is_told()
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostWaking, Bench.HostB);
        frontend.Write("state", "4");
        bench.Waking.Faults.Inject(FaultKind.AllOnes);
        frontend.Read(devfn: 0, Status, size: 2);
        Bench.Eventually(() => bench.Read(7, "aerState") == "aerfail", "the toolstack is told");

        bench.Commit(store =>
        {
            store.Write($"{Bench.BackendPath(7)}/state-0", "5");
            store.Write($"{Bench.BackendPath(7)}/state", "7");
        });
        frontend.Write("state", "7");
        bench.AwaitState(7, 8);
        frontend.Write("state", "4");
        bench.AwaitState(7, 4);

        Bench.Eventually(() => bench.Read(7, "aerState") is null, "it is taken back");
        Assert.Equal(Bench.IdOf(Bench.HostB), frontend.Read(devfn: 8, offset: 0, size: 4).Value);
    }

    [Fact]
    public void A_directory_that_was_removed_meanwhile_is_not_created_again_for_it()
    {
        using Bench bench = new();
        using SmallFrontend frontend = bench.Connect(7, Bench.HostWaking);
        bench.Waking.Faults.Inject(FaultKind.AllOnes);
        frontend.Read(devfn: 0, Status, size: 2);
        bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, "7"));
        Bench.Eventually(() => bench.Snapshot(7) is null, "domain 7 gone");
        Assert.Null(bench.Store.Directory(StoreKeys.In(StoreKeys.Guests, "7")));
    }
}
