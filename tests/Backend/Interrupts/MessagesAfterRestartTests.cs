using System.Collections.Concurrent;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>
/// A guest enabled MSI-X, its daemon was replaced, and it goes on under the next. Xen takes a dead guest's pirqs itself; what one that lives on loses, the
/// next daemon must unmap: a guest has 32 of them, and the device's table counts as in use.
/// </summary>
public sealed class MessagesAfterRestartTests : IDisposable
{
    private const int Guest = 5;

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _order = new();
    private readonly EmulatedFunction _hardware = OwnedFunction.Builder().Build(OwnedFunction.Address);
    private readonly SmallCustody _custody;
    private readonly Bench _bench;
    private readonly SmallFrontend _frontend;
    private readonly CapturedLines _lines = new();

    public MessagesAfterRestartTests()
    {
        _custody = new([_hardware], _order.Enqueue);
        _bench = new(options: WithDevices);
        _bench.Host.CreateDomain(Guest);
        using IPhysdev physdev = _bench.Host.BackendView.OpenPhysdev();
        physdev.PrepareMsix(OwnedFunction.Address);
        _frontend = new(_bench, Guest);
    }

    [Theory]
    [InlineData("its keys are removed")]
    [InlineData("it dies")]
    public async Task They_are_unmapped_when_the_device_is_taken_back(string end)
    {
        await Attach(_bench.Backend);
        Connect();
        EnableTwo();
        using BackendHost next = Restart();

        // Not before: the guest goes on being interrupted.
        Assert.Equal(2, Mapped().Count);
        if (end == "it dies")
        {
            _bench.Host.DestroyDomain(Guest);
        }
        else
        {
            _bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, $"{Guest}"));
        }

        Bench.Eventually(() => !_bench.Host.Passthrough.HasAnything(Guest), "nothing left");
        Bench.Eventually(() => next.OpenGrants == 0, "journal empty");
    }

    [Fact]
    public async Task What_the_guest_disabled_before_is_not_touched()
    {
        await Attach(_bench.Backend);
        Connect();
        EnableTwo();
        Assert.Equal(PciOpStatus.Success, _frontend.Ask(new() { Command = PciOpCode.DisableMsix }, []).Error);
        using BackendHost next = Restart();
        List<LoopbackCall> calls = [];
        _bench.Host.Passthrough.Observer = request => calls.Add(request.Call);
        _bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, $"{Guest}"));

        Bench.Eventually(() => next.OpenGrants == 0, "journal empty");
        Assert.DoesNotContain(LoopbackCall.Unmap, calls);
    }

    /// <summary>xl granted the device, so everything else is xl's to revoke; the messages were this backend's.</summary>
    [Theory]
    [InlineData("its keys are removed")]
    [InlineData("it dies")]
    public void Those_of_xls_device_are_unmapped_too_and_nothing_else_of_it_is_revoked(string end)
    {
        using IDomainControl xl = _bench.Host.BackendView.OpenDomainControl();
        xl.Assign(Guest, OwnedFunction.Address, relaxed: false);
        _bench.Create(Guest, OwnedFunction.Address);
        Connect();
        EnableTwo();
        using BackendHost next = Restart();
        Assert.Equal(2, Mapped().Count);
        Assert.False(next.Toolstack!.List(Guest).Single().IsOurs);
        bool wasUnmappedTooEarly = false;
        _bench.Host.Passthrough.Observer = request => wasUnmappedTooEarly |= request.Call == LoopbackCall.Unmap && MayWrite();
        if (end == "it dies")
        {
            _bench.Host.DestroyDomain(Guest);
        }
        else
        {
            _bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, $"{Guest}"));
        }

        Bench.Eventually(() => Mapped().Count == 0, "unmapped");
        Bench.Eventually(() => next.OpenGrants == 0, "journal empty");
        Assert.Equal(end != "it dies", _bench.Host.Passthrough.OwnerOf(OwnedFunction.Address) == Guest);

        // It may go on sending them, and writing to the guest's memory.
        Bench.Eventually(() => _order.Contains($"release {OwnedFunction.Address}"), "released");
        Assert.False(wasUnmappedTooEarly);
        Assert.False(MayWrite());
    }

    /// <summary>A guest that was asked for a device when the daemon was killed, and does not answer: everybody else is served at once.</summary>
    [Fact]
    public async Task The_next_daemon_does_not_wait_for_a_guest_that_is_slow_to_let_go()
    {
        await Attach(_bench.Backend);
        Connect();
        _bench.Commit(store =>
        {
            store.Write($"{Bench.BackendPath(Guest)}/state-0", "5");
            store.Write($"{Bench.BackendPath(Guest)}/state", "7");
        });
        _bench.Backend.Dispose();
        long start = Environment.TickCount64;
        using BackendHost next = StartNext();
        Assert.InRange(Environment.TickCount64 - start, 0, 5000);

        _bench.Host.CreateDomain(Guest + 1);
        BackendException taken = await Assert.ThrowsAsync<BackendException>(
            () => next.Toolstack!.AttachAsync(new(Guest + 1, PciSpec.Parse("03:00.0"), Wait: false, Keep: false, Force: false), CancellationToken.None));
        Assert.Equal(BackendFailure.Refused, taken.Failure);
        Assert.Contains($"domain {Guest}", taken.Message, StringComparison.Ordinal);
        Task detach = next.Toolstack!.DetachAsync(Guest, PciSpec.Parse("03:00.0"), force: true, CancellationToken.None);
        await Task.Delay(200);
        Assert.False(detach.IsCompleted);
        _bench.Host.DestroyDomain(Guest);
        await Record.ExceptionAsync(() => detach);
    }

    public void Dispose()
    {
        _frontend.Dispose();
        _bench.Dispose();
        _custody.Dispose();
        _folder.Dispose();
    }

    private BackendOptions WithDevices(BackendOptions standard) => standard with
    {
        FunctionSource = _custody,
        Devices = new() { Custody = _custody, JournalDirectory = _folder["run"] },
    };

    private static async Task Attach(BackendHost backend) =>
        await backend.Toolstack!.AttachAsync(new(Guest, PciSpec.Parse("03:00.0"), Wait: false, Keep: false, Force: false), CancellationToken.None);

    private void Connect()
    {
        _bench.AwaitState(Guest, 3);
        _frontend.Publish();
        _bench.AwaitState(Guest, 4);
        _frontend.Write("state", "4");
    }

    private void EnableTwo() => Assert.Equal(
        (PciOpStatus.Success, 0u), _frontend.Ask(
            new() { Command = PciOpCode.EnableMsix, Value = 2 },
            OwnedFunction.Entries(0, 1)) is var answer ? (answer.Error, answer.Value) : default);

    private BackendHost Restart()
    {
        _bench.Backend.Dispose();
        return StartNext();
    }

    private BackendHost StartNext()
    {
        _custody.Restart();
        BackendHost next = new(WithDevices(new() { Hypervisor = _bench.Platform, FunctionSource = _custody, Shards = 1, Logger = _lines }));
        next.Start();
        return next;
    }

    private bool MayWrite() => (BitConverter.ToUInt16(_hardware.Snapshot(), ConfigRegisters.Command) & CommandBits.BusMaster) != 0;

    private IReadOnlyList<LoopbackPirq> Mapped() => _bench.Host.Passthrough.PirqsOf(Guest);
}
