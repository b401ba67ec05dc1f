using System.Diagnostics;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>
/// A write of a guest is still inside its function when the guest loses it, and ends at any time later: it must not hit whoever has the function by then.
/// </summary>
public sealed class LateAccessTests : IDisposable
{
    private const int Command = ConfigRegisters.Command;
    private const uint Memory = CommandBits.Memory;
    private const uint Master = CommandBits.Memory | CommandBits.BusMaster;

    private static readonly PciAddress Host = Bench.HostWaking;

    private readonly GatedFunction _function = Device();
    private readonly ExclusiveFunctions _functions;
    private readonly Bench _bench;

    public LateAccessTests()
    {
        _functions = new([_function]);
        _bench = new(options: standard => standard with { FunctionSource = _functions, Shards = 1 });
    }

    public void Dispose()
    {
        _function.LetGo();
        _bench.Dispose();
        _functions.Dispose();
    }

    [Fact]
    public void A_function_with_a_write_of_its_last_guest_inside_is_nobodys_until_that_has_ended_and_was_cleaned()
    {
        using SmallFrontend former = HoldAWrite();
        RemoveGuest(7);

        Assert.Equal((1, 0u), (_function.Held, _function.Peek(Command) & CommandBits.BusMaster));
        Bench.Eventually(() => Said("stays claimed until a request for it has come back"), "somebody is told why the device is not free");
        _bench.Create(9, Host);
        _bench.AwaitState(9, 3);
        Assert.Contains("in use by domain 7", _bench.Read(9, "reason-0"), StringComparison.Ordinal);
        Assert.Equal(0, _function.Resets);

        _function.LetGo();

        Bench.Eventually(() => _functions.OwnerOf(Host) is null, "the function is free");
        Assert.Equal((1, 0u), (_function.Resets, _function.Peek(Command) & CommandBits.BusMaster));

        using SmallFrontend next = _bench.Connect(10, Host);
        Assert.Equal(PciOpStatus.Success, next.Write(devfn: 0, Command, size: 2, Memory));
        Assert.Equal(0u, _function.Peek(Command) & CommandBits.BusMaster);
    }

    [Fact]
    public void A_write_that_ends_in_time_holds_nothing_up()
    {
        using SmallFrontend former = HoldAWrite();
        Thread opener = new(() =>
        {
            Bench.Eventually(() => _functions.OwnerOf(Host) == 7, "claimed");
            Thread.Sleep(20);
            _function.LetGo();
        });
        opener.Start();

        RemoveGuest(7);
        opener.Join();

        Bench.Eventually(() => _functions.OwnerOf(Host) is null, "the function is free");
        Assert.Equal((1, 0u), (_function.Resets, _function.Peek(Command) & CommandBits.BusMaster));
        Assert.False(Said("stays claimed"));
    }

    [Fact]
    public void The_same_guest_does_not_get_it_back_before_that_either()
    {
        using SmallFrontend former = HoldAWrite();
        Reconfigure(former, static store => store.Write(StoreKeys.In(Bench.BackendPath(7), StoreKeys.DeviceState(0)), "5"));
        Assert.True(Said("stays claimed"));

        Reconfigure(former, static store => Bench.WriteDevice(store, 7, 1, Host));
        Assert.Contains("still being taken back", _bench.Read(7, "reason-1"), StringComparison.Ordinal);
        _function.LetGo();
        Bench.Eventually(() => _functions.OwnerOf(Host) is null, "the function is free");

        Reconfigure(former, static store => Bench.WriteDevice(store, 7, 2, Host));
        Assert.Equal((7, "3"), (_functions.OwnerOf(Host), _bench.Read(7, "state-2")));
        Assert.Equal(PciOpStatus.Success, former.Write(devfn: 0, Command, size: 2, Memory));
    }

    [Fact]
    public void A_device_whose_reset_ends_in_a_defect_can_be_given_to_the_same_guest_again()
    {
        using SmallFrontend former = _bench.Connect(7, Host);
        _function.OnReset = static () => throw new InvalidOperationException("nobody foresaw this");
        RemoveGuest(7);
        Bench.Eventually(() => _functions.OwnerOf(Host) is null, "the function is free");
        _function.OnReset = null;
        Assert.Contains(_bench.Lines.Errors, static line => line.Contains("nobody foresaw this", StringComparison.Ordinal));
        _bench.Lines.Forget();

        using SmallFrontend again = _bench.Connect(7, Host);

        Assert.Equal(PciOpStatus.Success, again.Write(devfn: 0, Command, size: 2, Memory));
    }

    private static GatedFunction Device()
    {
        byte[] bytes = new byte[256];
        BitConverter.TryWriteBytes(bytes.AsSpan(0), Bench.IdOf(Host));
        bytes[0x0B] = 2;
        bytes[0x06] = 0x10;
        bytes[0x34] = 0x40;
        new byte[] { 0x01, 0x00, 0x03, 0xF8 }.CopyTo(bytes, 0x40);
        return new(new EmulatedFunction(Host, $"test {Host}", bytes));
    }

    private SmallFrontend HoldAWrite()
    {
        SmallFrontend frontend = _bench.Connect(7, Host);
        Assert.Equal(PciOpStatus.Success, frontend.Write(devfn: 0, Command, size: 2, Memory));
        _function.HoldNextWrite(Command);
        Assert.Equal(PciOpStatus.OperationFailed, frontend.Write(devfn: 0, Command, size: 2, Master));
        Assert.Equal(1, _function.Held);
        return frontend;
    }

    private void RemoveGuest(int domain)
    {
        long start = Stopwatch.GetTimestamp();
        _bench.Store.Remove(Bench.BackendPath(domain));
        Bench.Eventually(() => _bench.Snapshot(domain) is null, "the guest is gone");
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    // As a toolstack and a frontend change what a guest has while it runs.
    private void Reconfigure(SmallFrontend frontend, Action<IXenStoreAccess> change)
    {
        _bench.Commit(store =>
        {
            change(store);
            store.Write(StoreKeys.StateOf(Bench.BackendPath(7)), "7");
        });
        frontend.Write("state", "7");
        _bench.AwaitState(7, 8);
        frontend.Write("state", "4");
        _bench.AwaitState(7, 4);
    }

    private bool Said(string text) => _bench.Lines.Warnings.Any(line => line.Contains(text, StringComparison.Ordinal));
}
