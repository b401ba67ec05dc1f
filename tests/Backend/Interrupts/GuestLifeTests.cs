using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>The interrupts of whole guests: from the page to the hypervisor, and back at every way a guest can lose a function.</summary>
public sealed class GuestLifeTests : IDisposable
{
    private const int Guest = 5;
    private const int DeviceStatus = 0x6A;
    private const int Patience = 20_000;

    private static readonly PciAddress OtherAddress = new(0, 4, 0, 0);

    private readonly EmulatedFunction _hardware;
    private readonly ExclusiveFunctions _functions;
    private readonly Bench _bench;
    private readonly IDomainControl _domains;
    private SmallFrontend? _frontend;

    public GuestLifeTests()
    {
        _hardware = OwnedFunction.Builder().Build(OwnedFunction.Address);
        _functions = new([_hardware, OwnedFunction.Builder().Build(OtherAddress)]);

        // One shard: what one guest does is on every other's way.
        _bench = new(options: standard => standard with { FunctionSource = _functions, Shards = 1 });
        _domains = _bench.Host.BackendView.OpenDomainControl();
        using IPhysdev physdev = _bench.Host.BackendView.OpenPhysdev();
        physdev.PrepareMsix(OwnedFunction.Address);
        physdev.PrepareMsix(OtherAddress);
        _frontend = Connect(Guest, OwnedFunction.Address);
    }

    [Fact]
    public void A_guest_gets_its_vectors_in_the_page_and_they_reach_it()
    {
        MsixEntry[] entries = OwnedFunction.Entries(7, 0, 3);

        PciOpRequest answer = EnableMsix(entries);

        Assert.Equal((PciOpStatus.Success, 0u), (answer.Error, answer.Value));
        int[] arrived = new int[entries.Length];
        List<IDisposable> bound = [];
        LoopbackDomain domain = _bench.Host.Domains.Single(domain => domain.DomainId == Guest);
        for (int i = 0; i < entries.Length; i++)
        {
            int vector = i;
            bound.Add(domain.BindPirq(entries[i].Vector, () => arrived[vector]++));
        }

        Assert.True(_bench.Host.Passthrough.RaiseMessage(OwnedFunction.Address, 3));
        Assert.Equal([0, 0, 1], arrived);
        InterruptState state = State()!;
        Assert.Equal((InterruptMode.MsiX, 3), (state.Mode, state.Vectors));
        Assert.Equal(entries.Select(entry => (int)entry.Vector), state.Pirqs);

        // What Linux's frontend sends for MSI-X.
        Assert.Equal((PciOpStatus.Success, 0x0Bu), Ask(PciOpCode.DisableMsi));
        Assert.False(_bench.Host.Passthrough.RaiseMessage(OwnedFunction.Address, 3));
        Assert.Equal(InterruptMode.Line, State()!.Mode);
        bound.ForEach(binding => binding.Dispose());
    }

    [Fact]
    public void A_function_is_taken_in_the_order_that_is_safe_for_memory()
    {
        EnableMsix(OwnedFunction.Entries(0, 1));
        List<string> steps = [];
        int seen = 0;
        _hardware.RecordAccesses(on: true);
        _bench.Host.Passthrough.Observer = request =>
        {
            NoteWrites();
            steps.Add($"{request.Call} after {_hardware.Resets} resets");
        };

        Leave();

        _bench.Host.Passthrough.Observer = null;
        NoteWrites();
        Assert.Equal(
            ["write 004 0402", "write 0a2 003f", "Unmap after 0 resets", "Unmap after 0 resets", "write 004 0002"], steps);
        Assert.Equal(1, _hardware.Resets);
        AssertNothingLeft();

        void NoteWrites()
        {
            foreach (RecordedAccess access in _hardware.RecordedAccesses().Skip(seen).Where(access => access.IsWrite))
            {
                steps.Add($"write {access.Offset:x3} {access.Value:x4}");
            }

            seen = _hardware.RecordedAccesses().Count;
        }
    }

    [Fact]
    public void A_function_that_never_ends_its_transactions_is_waited_for_and_then_taken()
    {
        EnableMsix(OwnedFunction.Entries(0));
        _hardware.SetHardware(DeviceStatus, 2, PciExpressRegisters.TransactionsPending);

        Leave();

        AssertNothingLeft();
        Assert.Contains(_bench.Lines.Warnings, line => line.Contains("does not end its transactions", StringComparison.Ordinal));
    }

    [Fact]
    public void A_guest_that_dies_leaves_nothing_and_the_next_one_begins_afresh()
    {
        EnableMsix(OwnedFunction.Entries(0, 1, 2));

        _bench.Host.DestroyDomain(Guest);

        Bench.Eventually(() => _hardware.Resets == 1, "the function reset");
        Bench.Eventually(() => _bench.Snapshot(Guest) is not { IsAttached: true }, "the guest gone");
        AssertNothingLeft();
        Assert.DoesNotContain(_bench.Lines.Warnings, line => line.Contains("pirq", StringComparison.Ordinal));
        _frontend!.Dispose();
        _frontend = Connect(Guest + 1, OwnedFunction.Address);
        Assert.Equal(PciOpStatus.Success, EnableMsix(OwnedFunction.Entries(0, 1, 2)).Error);
        Assert.Equal(3, _bench.Host.Passthrough.PirqsOf(Guest + 1).Count);
    }

    [Fact]
    public void A_frontend_that_closed_without_disabling_can_enable_again()
    {
        EnableMsix(OwnedFunction.Entries(0, 1));
        _frontend!.Write("state", "6");
        _bench.AwaitState(Guest, 6);
        Bench.Eventually(() => _bench.Host.Passthrough.PirqsOf(Guest).Count == 0, "nothing mapped");
        Assert.Equal(0, _hardware.Resets);

        _frontend.Write("state", "1");
        _bench.AwaitState(Guest, 3);
        _frontend.Publish();
        Bench.Eventually(() => _bench.State(Guest) == 4, "connected again");

        Assert.Equal(PciOpStatus.Success, EnableMsix(OwnedFunction.Entries(0, 1)).Error);
    }

    [Fact]
    public void A_daemon_that_stops_leaves_its_guests_their_interrupts_and_says_so()
    {
        EnableMsix(OwnedFunction.Entries(0, 1));

        _bench.Backend.Dispose();

        Assert.Equal(2, _bench.Host.Passthrough.PirqsOf(Guest).Count);
        Assert.Equal(0x803Fu, Peek(OwnedFunction.MsixControl));
        Assert.Equal(0, _hardware.Resets);
        Assert.Contains(_bench.Lines.Texts, line => line.Contains("1 function(s) keep the interrupts", StringComparison.Ordinal));
    }

    [Fact]
    public void A_mapping_that_misses_the_deadline_is_undone_when_it_comes_back()
    {
        using ManualResetEventSlim goOn = HoldFirstMapping();

        PciOpRequest late = EnableMsix(OwnedFunction.Entries(0, 1));
        Assert.Equal((PciOpStatus.OperationFailed, unchecked((uint)-110)), (late.Error, late.Value));
        goOn.Set();

        Bench.Eventually(() => State() is { Enables: 1, Vectors: 0 }, "the late grant taken back");
        AssertNothingLeft();
        Assert.Equal(PciOpStatus.Success, EnableMsix(OwnedFunction.Entries(0, 1)).Error);
        Assert.Equal(2, State()!.Vectors);
    }

    /// <summary>Longer than anybody waits for it: the function is kept until then, and no longer.</summary>
    [Fact]
    public void A_function_whose_interrupt_request_comes_back_after_its_guest_lost_it_is_free_then()
    {
        using ManualResetEventSlim goOn = HoldFirstMapping();
        EnableMsix(OwnedFunction.Entries(0, 1));
        _bench.Store.Write($"{Bench.BackendPath(Guest)}/online", "0");
        _frontend!.Write("state", "6");
        Bench.Eventually(() => _bench.Lines.Warnings.Any(line => line.Contains("stays claimed", StringComparison.Ordinal)), "kept");
        Assert.False(_functions.Claim(Guest + 1, OwnedFunction.Address).IsGranted);
        Assert.Equal(0, _hardware.Resets);

        goOn.Set();

        Bench.Eventually(() => _functions.Claim(Guest + 1, OwnedFunction.Address).IsGranted, "free");
        Assert.Equal(1, _hardware.Resets);
        AssertNothingLeft();
    }

    /// <summary>What ends late would reset it under the guest, and let others have it.</summary>
    [Fact]
    public void A_function_whose_interrupt_request_has_not_come_back_is_not_given_to_the_same_guest_again()
    {
        using ManualResetEventSlim goOn = HoldFirstMapping();
        EnableMsix(OwnedFunction.Entries(0, 1));
        _bench.Store.Remove(Bench.BackendPath(Guest));
        Bench.Eventually(() => _bench.Lines.Warnings.Any(line => line.Contains("stays claimed", StringComparison.Ordinal)), "kept");
        _bench.WriteDirectories(Guest, "1", OwnedFunction.Address);
        Bench.Eventually(() => _bench.Read(Guest, "state-0") is not "1", "looked at");

        Assert.Equal("6", _bench.Read(Guest, "state-0"));
        Assert.Contains("is still being taken back", _bench.Read(Guest, "reason-0"), StringComparison.Ordinal);
        goOn.Set();

        Bench.Eventually(() => _functions.Claim(Guest + 1, OwnedFunction.Address).IsGranted, "free");
        Assert.Equal(1, _hardware.Resets);
    }

    [Fact]
    public void A_guest_without_end_of_failing_requests_leaves_the_others_alone_and_the_log_short()
    {
        const int Least = 5000;
        using SmallFrontend other = Connect(Guest + 1, OtherAddress);
        EnableMsix(OwnedFunction.Entries(0));
        int floods = 0;
        bool isOver = false;
        Exception? failure = null;
        Thread flood = new(() =>
        {
            try
            {
                for (; !Volatile.Read(ref isOver) || floods < Least; Interlocked.Increment(ref floods))
                {
                    Assert.Equal(unchecked((uint)-114), EnableMsix(OwnedFunction.Entries(1)).Value);
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        flood.Start();
        try
        {
            Bench.Eventually(() => Volatile.Read(ref floods) > 0, "the flood");
            ReadTheOthers();

            Assert.Equal(PciOpStatus.Success, EnableMsix(other, OwnedFunction.Entries(0, 1)).Error);
            Assert.Equal(2, _bench.Host.Passthrough.PirqsOf(Guest + 1).Count);
            ReadTheOthers();
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            flood.Join();
        }

        Assert.Null(failure);
        Assert.Equal(floods, State()!.Failures);

        // At the first, the 10th, the 100th …: eight for as many as it could be in this time.
        Assert.InRange(_bench.Lines.Warnings.Count(), 1, 8);

        void ReadTheOthers()
        {
            for (int i = 0; i < 1000; i++)
            {
                Assert.Equal((PciOpStatus.Success, 0x10FB_8086u), other.Read(devfn: 0, offset: 0, size: 4));
            }
        }
    }

    [Fact]
    public void An_assignment_that_is_missing_is_the_guests_error_and_named()
    {
        _domains.Deassign(Guest, OwnedFunction.Address);
        Assert.Equal(unchecked((uint)-19), EnableMsix(OwnedFunction.Entries(0)).Value);
        Assert.Equal((PciOpStatus.OperationFailed, 0u), Ask(PciOpCode.EnableMsi));
        Assert.Contains(_bench.Lines.Warnings, line => line.Contains("has not assigned the function", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _frontend?.Dispose();
        _bench.Dispose();
        _domains.Dispose();
        _functions.Dispose();
    }

    private SmallFrontend Connect(int domain, PciAddress address)
    {
        _bench.Host.CreateDomain(domain);
        _domains.Assign(domain, address, relaxed: false);
        _bench.Create(domain, address);
        SmallFrontend frontend = new(_bench, domain);
        frontend.Publish();
        _bench.AwaitState(domain, 4);
        frontend.Write("state", "4");
        return frontend;
    }

    private void Leave()
    {
        _bench.Store.Write($"{Bench.BackendPath(Guest)}/online", "0");
        _frontend!.Write("state", "6");
        Bench.Eventually(() => _bench.Lines.Texts.Any(line => line.Contains("taken back", StringComparison.Ordinal)), "the function taken back");
    }

    private PciOpRequest EnableMsix(MsixEntry[] entries) => EnableMsix(_frontend!, entries);

    private static PciOpRequest EnableMsix(SmallFrontend frontend, MsixEntry[] entries) =>
        frontend.Ask(new() { Command = PciOpCode.EnableMsix, Value = (uint)entries.Length }, entries);

    private (PciOpStatus Status, uint Value) Ask(PciOpCode code)
    {
        PciOpRequest answer = _frontend!.Ask(new() { Command = code }, []);
        return (answer.Error, answer.Value);
    }

    private InterruptState? State() => _bench.Snapshot(Guest)?.Functions.Single().Interrupts;

    private uint Peek(int offset) => BitConverter.ToUInt16(_hardware.Snapshot(), offset);

    private void AssertNothingLeft()
    {
        Assert.Empty(_bench.Host.Passthrough.PirqsOf(Guest));
        Assert.Equal(0x003Fu, Peek(OwnedFunction.MsixControl));
        Assert.Equal(0u, Peek(ConfigRegisters.Command) & CommandBits.InterruptDisable);
    }

    /// <summary>The first message that is mapped from now on is not, until the event is set.</summary>
    private ManualResetEventSlim HoldFirstMapping()
    {
        ManualResetEventSlim goOn = new();
        int held = 1;
        _bench.Host.Passthrough.Observer = request =>
        {
            if (request.Call == LoopbackCall.MapMessage && Interlocked.Exchange(ref held, 0) == 1)
            {
                goOn.Wait(Patience);
            }
        };
        return goOn;
    }
}
