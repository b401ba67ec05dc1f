using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Tests.Frontends;

/// <summary>Each frontend model against the real backend over the loopback.</summary>
public sealed class FrontendsAgainstBackendTests
{
    private static readonly PciAddress s_address = new(0, 3, 0, 0);

    [Theory]
    [InlineData(FrontendKind.Linux)]
    [InlineData(FrontendKind.NetBsd)]
    [InlineData(FrontendKind.MiniOs)]
    public void A_guest_connects_finds_what_was_published_and_reads_its_whole_function(FrontendKind kind)
    {
        using var backend = new BackendFixture(PipelineTopology.Fused, TestFunctions.Open());
        (SimulatedGuest guest, IEventChannels channels) = backend.CreateGuest(5, kind, FrontendTiming.Linux, s_address);
        guest.Publish();

        Assert.True(guest.TryConnect(BackendFixture.Patience), guest.BackendError());
        Assert.Equal([new PublishedFunction(s_address, new PciAddress(0, 0, 0, 0))], guest.Functions);
        Assert.Equal(kind == FrontendKind.MiniOs ? [] : ["0000:00"], guest.Roots);
        FunctionImage image = TestFunctions.Image();
        var expected = new ExpectedAnswers(image, live: null);
        foreach (AccessStep step in AccessScript.Mixed(image, kind))
        {
            FrontendRequest request = step.IsWrite
                ? FrontendRequest.Write(0, step.Offset, step.Size, step.Value)
                : FrontendRequest.Read(0, step.Offset, step.Size);
            (FrontendOutcome outcome, FrontendAnswer answer) = BackendFixture.Ask(guest, channels, request);
            Assert.Equal((FrontendOutcome.Answered, 0), (outcome, answer.Status));
            if (step.IsWrite)
            {
                expected.Written(step.Offset, step.Size, step.Value);
            }
            else
            {
                Assert.True(expected.Matches(step.Offset, step.Size, answer.Value), $"{step.Size} bytes at 0x{step.Offset:x3}: 0x{answer.Value:x}");
            }
        }
    }

    [Fact]
    public void NetBsds_probe_of_256_functions_finds_exactly_its_own()
    {
        using var backend = new BackendFixture(PipelineTopology.Fused, TestFunctions.Open());
        (SimulatedGuest guest, IEventChannels channels) = backend.CreateGuest(5, FrontendKind.NetBsd, FrontendTiming.Linux, s_address);
        guest.Publish();
        Assert.True(guest.TryConnect(BackendFixture.Patience), guest.BackendError());

        for (uint devfn = 0; devfn < 256; devfn++)
        {
            (FrontendOutcome outcome, FrontendAnswer answer) = BackendFixture.Ask(guest, channels, FrontendRequest.Read(devfn, 0, 4));
            Assert.Equal(FrontendOutcome.Answered, outcome);
            Assert.Equal(devfn == 0 ? (0, TestFunctions.Ids) : (-1, 0u), (answer.Status, answer.Status == 0 ? answer.Value : 0u));
        }
    }

    [Fact]
    public void MiniOs_closes_and_connects_again_over_a_new_page()
    {
        using var backend = new BackendFixture(PipelineTopology.Fused, TestFunctions.Open());
        (SimulatedGuest guest, IEventChannels channels) = backend.CreateGuest(5, FrontendKind.MiniOs, FrontendTiming.Linux, s_address);
        for (int round = 0; round < 3; round++)
        {
            guest.Publish();
            Assert.True(guest.TryConnect(BackendFixture.Patience), guest.BackendError());
            (FrontendOutcome outcome, FrontendAnswer answer) = BackendFixture.Ask(guest, channels, FrontendRequest.Read(0, 0, 4));
            Assert.Equal((FrontendOutcome.Answered, 0, TestFunctions.Ids), (outcome, answer.Status, answer.Value));
            Assert.True(guest.TryClose(BackendFixture.Patience), $"round {round}: the backend is in state {backend.Toolstack.BackendState(5)}");
        }
    }

    [Fact]
    public void Linux_gives_up_on_a_slow_function_uses_the_slot_again_and_gets_the_right_answer()
    {
        EmulatedFunction function = TestFunctions.Open();
        using var backend = new BackendFixture(PipelineTopology.Fused, function);
        (SimulatedGuest guest, IEventChannels channels) = backend.CreateGuest(5, FrontendKind.Linux, FrontendTiming.FromSeconds(0.05, 0.1), s_address);
        guest.Publish();
        Assert.True(guest.TryConnect(BackendFixture.Patience), guest.BackendError());

        // Status always goes to hardware, and hardware takes longer than this guest waits, though less than the backend's own limit.
        function.Faults.InjectDelay(TimeSpan.FromMilliseconds(150));
        Assert.Equal(FrontendOutcome.GaveUp, BackendFixture.Ask(guest, channels, FrontendRequest.Read(0, 0x06, 2)).Outcome);
        function.Faults.Release();

        // The slot is used again at once, while the backend may still be inside the first request.
        FrontendOutcome outcome = FrontendOutcome.GaveUp;
        FrontendAnswer answer = default;
        for (int attempt = 0; attempt < 20 && outcome == FrontendOutcome.GaveUp; attempt++)
        {
            (outcome, answer) = BackendFixture.Ask(guest, channels, FrontendRequest.Read(0, 0, 4));
        }

        Assert.Equal((FrontendOutcome.Answered, 0, TestFunctions.Ids), (outcome, answer.Status, answer.Value));
        Assert.Equal(1, backend.Host.Guests.Single(g => g.DomainId == 5).ReadCounters().LateReplies);
    }

    [Fact]
    public void A_guests_devices_are_taken_away_by_the_toolstack()
    {
        using var backend = new BackendFixture(PipelineTopology.Fused, TestFunctions.Open());
        (SimulatedGuest guest, _) = backend.CreateGuest(5, FrontendKind.Linux, FrontendTiming.Linux, s_address);
        guest.Publish();
        Assert.True(guest.TryConnect(BackendFixture.Patience), guest.BackendError());
        var frontend = new Thread(() =>
        {
            if (guest.WaitForBackend(
                state => FrontendHandshake.React(FrontendKind.Linux, guest.State, state) == FrontendReaction.Close,
                BackendFixture.Patience))
            {
                guest.TryClose(BackendFixture.Patience);
            }
        });
        frontend.Start();

        Assert.True(backend.Toolstack.RemoveDevices(5, BackendFixture.Patience));
        frontend.Join();
    }
}
