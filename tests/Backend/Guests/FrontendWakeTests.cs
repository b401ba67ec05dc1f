using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Tests.Xenstore;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>What a guest's write of its state costs on the connection to xenstore that all guests share; and that nothing is missed for it.</summary>
public sealed class FrontendWakeTests : IDisposable
{
    private const int Writes = 300;

    private readonly List<EmulatedFunction> _made = [];
    private TroubledStore? _store;
    private long _requests;
    private ExclusiveFunctions? _functions;
    private Bench? _bench;

    private Bench Host => _bench!;

    private long Requests => Interlocked.Read(ref _requests);

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(31)]
    public void A_write_that_changes_nothing_costs_one_request_however_many_devices_the_guest_has(int devices)
    {
        using SmallFrontend frontend = Connect(devices);
        frontend.Write("state", "4");
        Bench.Eventually(() => Host.Snapshot(7)!.Frontend == XenbusState.Connected, "it is seen");
        long passes = Host.Backend.ReadPasses(new(7, 0));

        long requests = Write(frontend, "4");

        // What connecting has left to do is two passes at most.
        Assert.InRange(requests, Writes, Writes + (2 * OfAPass(devices)));
        Assert.InRange(Host.Backend.ReadPasses(new(7, 0)) - passes, 0, 2);
    }

    [Fact]
    public void In_the_state_in_which_a_page_is_published_it_costs_the_pages_keys_too()
    {
        using SmallFrontend frontend = Connect(31);
        Assert.InRange(Write(frontend, "3"), Writes, (4 * Writes) + (2 * OfAPass(31)));
    }

    [Fact]
    public void A_new_kernels_page_is_taken_although_the_state_is_what_it_was()
    {
        using SmallFrontend frontend = Connect(1);
        for (int kernel = 0; kernel < 5; kernel++)
        {
            frontend.Publish("3");
            Assert.Equal(Bench.IdOf(_made[0].Address), frontend.Read(devfn: 0, offset: 0, size: 4).Value);
        }
    }

    [Fact]
    public void What_the_toolstack_changes_is_seen_beside_a_guest_that_writes_without_pause()
    {
        using SmallFrontend frontend = Connect(2);
        frontend.Write("state", "4");
        bool stop = false;
        var writer = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                frontend.Write("state", "4");
            }
        });
        writer.Start();
        try
        {
            Host.Store.Write(StoreKeys.StateOf(Bench.BackendPath(7)), "5");
            Bench.Eventually(() => Host.Snapshot(7)!.Backend == XenbusState.Closing, "it is asked to close");
            Host.Store.Remove(Bench.BackendPath(7));
            Bench.Eventually(() => Host.Snapshot(7) is null, "it is gone");
        }
        finally
        {
            Volatile.Write(ref stop, true);
            writer.Join();
        }
    }

    [Fact]
    public void A_pass_that_failed_is_made_whole_when_only_the_frontend_asks_for_the_next()
    {
        using SmallFrontend frontend = Connect(1);
        frontend.Write("state", "4");
        Bench.Eventually(() => Host.Snapshot(7)!.Frontend == XenbusState.Connected, "it is seen");
        int refused = 0;
        _store!.Before = (operation, path) =>
        {
            if (operation == "read" && path == StoreKeys.In(Bench.BackendPath(7), StoreKeys.DeviceCount) && Interlocked.Increment(ref refused) == 1)
            {
                throw new HypervisorException(Errno.EIO, "refused by the test");
            }
        };
        Host.Store.Write(StoreKeys.StateOf(Bench.BackendPath(7)), "5");
        Bench.Eventually(() => Volatile.Read(ref refused) > 0, "the pass fails");

        frontend.Write("state", "4");

        Bench.Eventually(() => Host.Snapshot(7)!.Backend == XenbusState.Closing, "what the failed pass was about is seen");
    }

    public void Dispose()
    {
        _bench?.Dispose();
        _functions?.Dispose();
    }

    // A dozen for the guest, five for each device.
    private static int OfAPass(int devices) => 12 + (5 * devices);

    // One at a time, each looked at before the next: merged they would cost less.
    private long Write(SmallFrontend frontend, string state)
    {
        long before = Requests;
        for (int i = 0; i < Writes; i++)
        {
            long sofar = Requests;
            frontend.Write("state", state);
            Bench.Eventually(() => Requests > sofar, "it is looked at");
        }

        return Requests - before;
    }

    private SmallFrontend Connect(int devices)
    {
        for (int i = 0; i < devices; i++)
        {
            byte[] bytes = new byte[256];
            PciAddress address = new(0, 0x20, (byte)i, 0);
            BitConverter.TryWriteBytes(bytes.AsSpan(0), Bench.IdOf(address));
            bytes[0x0B] = 2;
            _made.Add(new(address, $"test {address}", bytes));
        }

        _functions = new(_made);
        _bench = new(
            around: inner => _store = new(inner) { Before = (_, _) => Interlocked.Increment(ref _requests) },
            options: standard => standard with { FunctionSource = _functions });
        return _bench.Connect(7, [.. _made.Select(static function => function.Address)]);
    }
}
