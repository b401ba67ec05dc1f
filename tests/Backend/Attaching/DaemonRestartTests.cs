using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;
using static PciBackFlow.Backend.Tests.Attaching.ToolstackBench;

namespace PciBackFlow.Backend.Tests.Attaching;

/// <summary>
/// The daemon is replaced, backend and toolstack's half, while a guest is connected: the guest is not served any more, which is said; nothing of it
/// breaks, and its device can be had again when it ends or is asked to let go.
/// </summary>
public sealed class DaemonRestartTests
{
    [Theory]
    [InlineData("the guest dies")]
    [InlineData("the guest halts")]
    [InlineData("detach")]
    [InlineData("detach by force")]
    public async Task A_device_whose_guest_an_earlier_daemon_connected_is_usable_again_afterwards(string end)
    {
        await using ToolstackBench bench = new(timing: new() { LetGo = TimeSpan.FromSeconds(1), Ready = TimeSpan.FromSeconds(1) });
        await bench.GuestWith(7, "03:00.0");

        // A process that ended has no claims any more.
        bench.Backend.Dispose();
        bench.Custody.Restart();
        using BackendHost next = new(new() { Hypervisor = bench.Host.BackendView, FunctionSource = bench.Custody, Shards = 1, Logger = bench.Lines });
        next.Start();
        await bench.RestartAsync();
        await EventuallyAsync(() => bench.Lines.Warnings.Any(static line => line.Contains("state 4", StringComparison.Ordinal)), "said");
        Assert.Equal(("4", "1"), (bench.Key(7, "state"), bench.Key(7, "num_devs")));
        Assert.True(bench.Granted.HasAnything(7));

        // The pass that said so ends a moment after the line.
        await EventuallyAsync(() => next.Guests.Count == 0, "not one of its guests");
        bench.Guest(8);
        BackendException taken = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(8, "03:00.0"));
        Assert.Equal(BackendFailure.Refused, taken.Failure);

        bench.Order.Clear();
        switch (end)
        {
            case "the guest dies":
                bench.Host.DestroyDomain(7);
                break;
            case "the guest halts":
                bench.Host.ShutDown(7);

                // Its keys stay for who destroys it.
                await EventuallyAsync(() => bench.Journal.All(static entry => entry.Grant.Kind == GrantKind.Nodes), "revoked");
                bench.Host.DestroyDomain(7);
                break;
            default:
                await bench.Detach(7, "03:00.0", force: end == "detach by force");
                BackendException alive = await Assert.ThrowsAsync<BackendException>(() => bench.Attach(8, "03:00.0"));
                Assert.Contains("former-guest", alive.Message, StringComparison.Ordinal);
                break;
        }

        await EventuallyAsync(() => bench.Journal.Count == 0, "revoked");
        bench.AssertNothingLeft(7);

        // It may be in the middle of writing to the guest's memory, which is freed when the guest is gone.
        Assert.Equal("quiet 0000:03:00.0", bench.Order.First());
        bool isAlive = end.StartsWith("detach", StringComparison.Ordinal);
        Assert.Equal(AttachmentState.Connected, (await bench.Attach(8, "03:00.0", force: isAlive)).State);
    }
}
