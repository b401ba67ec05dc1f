using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>
/// A guest that writes its frontend's state without pause: each transaction that reads it ends in a conflict (xenstored checks what was read).
/// </summary>
public sealed class ConflictTests
{
    private static readonly string Toggled = StoreKeys.StateOf(StoreKeys.FrontendOf(GuestId.Of(7)));

    [Fact]
    public async Task A_guest_that_toggles_its_state_does_not_keep_its_device_from_a_detach_by_force()
    {
        TroubledStore? store = null;
        await using ToolstackBench bench = new(
            timing: new() { LetGo = TimeSpan.FromSeconds(2), Ready = TimeSpan.FromSeconds(2) }, around: hypervisor => store = new(hypervisor));
        await bench.GuestWith(7, "03:00.0", "05:00.0");
        store!.Conflicts = paths => paths.Contains(Toggled);
        Assert.Equal("0000:03:00.0 0000:00:00.0 connected | 0000:05:00.0 0000:00:01.0 connected", bench.Shown(7));
        await bench.Detach(7, "03:00.0", force: true);

        // Taken out of the guest's reach, not merely given up for lost.
        Assert.Null(bench.Custody.Find("03:00.0")!.OwnerDomain);
        await bench.Detach(7, "05:00.0", force: true);
        store.Conflicts = null;
        bench.AssertNothingLeft(7);
    }

    [Fact]
    public async Task A_guest_whose_keys_cannot_be_read_does_not_keep_others_from_being_settled()
    {
        TroubledStore? store = null;
        await using ToolstackBench bench = new(around: hypervisor => store = new(hypervisor));
        bench.Guest(7);
        bench.Guest(8);
        await bench.Attach(7, "03:00.0");
        await bench.Attach(8, "05:00.0");
        store!.Before = static (operation, path) =>
        {
            if (operation == "read" && path.StartsWith(StoreKeys.In(StoreKeys.BackendOf(GuestId.Of(7)), "num_devs"), StringComparison.Ordinal))
            {
                throw new HypervisorException(Errno.EIO, "refused");
            }
        };
        bench.Host.DestroyDomain(8);
        await EventuallyAsync(() => bench.Journal.All(static entry => entry.Life.DomainId == 7), "domain 8 settled");
        Assert.False(bench.Granted.HasAnything(8));

        // And it is looked at again although nothing else happens.
        bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, "7"));
        await Task.Delay(50);
        store.Before = null;
        await EventuallyAsync(() => bench.Journal.Count == 0, "domain 7 settled");
    }
}
