using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Tests.Xenstore;

/// <summary>xenstored refuses something in the middle of a guest's life: what was owed is done all the same, sooner or later.</summary>
public sealed class XenStoreTroubleTests
{
    /// <summary>The state of a dying guest can't be written: its function must be somebody else's afterwards, and its page unmapped.</summary>
    [Fact]
    public void A_guest_that_ends_gives_its_functions_back_although_its_state_cannot_be_written()
    {
        TroubledStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor));
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);

        store!.Before = Refuse("write", $"{Bench.BackendPath(7)}/state", times: int.MaxValue);
        bench.Host.BeginDestroy(7);
        Bench.Eventually(() => bench.Platform.Count == 0 && bench.Snapshot(7) is null, "gone");
        store.Before = null;
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
        Assert.Equal("3", bench.Read(8, "state-0"));
    }

    /// <summary>No event follows the one that could not be acted upon.</summary>
    [Theory]
    [InlineData("read", "num_devs")]
    [InlineData("write", "vdev-0")]
    [InlineData("write", "state")]
    public void What_xenstore_refused_once_is_tried_again_without_another_event(string operation, string key)
    {
        TroubledStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor));
        store!.Before = Refuse(operation, $"{Bench.BackendPath(7)}/{key}", times: 1);
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        Assert.Equal(("3", "0000:00:00.00"), (bench.Read(7, "state-0"), bench.Read(7, "vdev-0")));
    }

    [Fact]
    public void Guests_that_could_not_be_listed_are_found_later_and_the_daemon_lives_on()
    {
        TroubledStore? store = null;
        using Bench bench = new(around: hypervisor => store = new(hypervisor));
        bench.Create(7, Bench.HostA);
        bench.AwaitState(7, 3);
        int refused = 0;
        store!.Before = (operation, path) =>
        {
            if (operation == "directory" && path == "/local/domain/0/backend/pci" && Interlocked.Increment(ref refused) == 1)
            {
                throw new HypervisorException(Errno.EAGAIN, "the names never stopped changing");
            }
        };
        bench.Store.Remove("/local/domain/0/backend");
        Bench.Eventually(() => Volatile.Read(ref refused) > 1, "listed again");
        bench.Create(8, Bench.HostA);
        bench.AwaitState(8, 3);
    }

    private static Action<string, string> Refuse(string operation, string path, int times)
    {
        int left = times;
        return (wanted, where) =>
        {
            if (wanted == operation && where == path && Interlocked.Decrement(ref left) >= 0)
            {
                throw new HypervisorException(Errno.EIO, $"{operation} {path} is refused");
            }
        };
    }
}
