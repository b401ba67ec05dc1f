using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>What a guest was denied reaches the log: by name, once, and without the shard.</summary>
public sealed class DeniedWriteLogTests
{
    private const int SubsystemId = 0x2E;

    [Fact]
    public void A_denied_write_is_warned_about_once_with_its_value_register_and_policy()
    {
        using Bench bench = new();
        using SmallFrontend frontend = Connect(bench, 7, Bench.HostA);

        for (uint i = 0; i < 2_000; i++)
        {
            Assert.Equal(PciOpStatus.Success, frontend.Write(devfn: 0, SubsystemId, 2, 0x0400 + i));
        }

        Bench.Eventually(() => Denials(bench, 7).Length > 0, "a warning");
        frontend.Write(devfn: 0, 0x80, 4, 0xA5A5A5A5);
        Bench.Eventually(() => Denials(bench, 7).Length > 1, "a second warning");

        string[] lines = Denials(bench, 7);
        Assert.Contains("write 0x0400 to 03:00.0 Subsystem ID denied by default policy", lines[0], StringComparison.Ordinal);
        Assert.Contains("write 0xa5a5a5a5 to 03:00.0 Unlisted", lines[1], StringComparison.Ordinal);
        Assert.Contains("at 0x80 denied by default policy", lines[1], StringComparison.Ordinal);
        Assert.Equal(2, lines.Length);
    }

    [Fact]
    public void A_write_over_two_registers_names_both()
    {
        using Bench bench = new();
        using SmallFrontend frontend = Connect(bench, 7, Bench.HostA);

        frontend.Write(devfn: 0, 0x2C, 4, 0x11112222);

        Bench.Eventually(() => Denials(bench, 7).Length == 2, "two warnings");
        Assert.Contains("Subsystem Vendor ID", Denials(bench, 7)[0], StringComparison.Ordinal);
        Assert.Contains("Subsystem ID", Denials(bench, 7)[1], StringComparison.Ordinal);
    }

    /// <summary>What a stock Linux guest writes when it has enabled MSI-X by the protocol: no rule of a policy could allow it.</summary>
    [Fact]
    public void What_no_policy_could_allow_is_counted_and_warns_nobody()
    {
        using Bench bench = new();
        using SmallFrontend frontend = Connect(bench, 7, Bench.HostMessages);

        frontend.Write(devfn: 0, 0x42, 2, 0xC004);
        frontend.Write(devfn: 0, SubsystemId, 2, 1);

        Bench.Eventually(() => Denials(bench, 7).Length > 0, "the warning of the second write");
        Assert.Contains("Subsystem ID denied by default policy", Assert.Single(Denials(bench, 7)), StringComparison.Ordinal);
        Assert.Contains(
            bench.Lines.Texts,
            static line => line.Contains("write 0xc004 to 08:00.0 MSI-X Message Control denied in every policy (seen 1 times)", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_guests_get_a_warning_each_and_the_next_guest_of_a_function_its_own()
    {
        using Bench bench = new();
        using SmallFrontend first = Connect(bench, 7, Bench.HostA);
        using SmallFrontend other = Connect(bench, 8, Bench.HostB);
        first.Write(devfn: 0, SubsystemId, 2, 1);
        other.Write(devfn: 0, SubsystemId, 2, 1);
        Bench.Eventually(() => Denials(bench, 7).Length == 1 && Denials(bench, 8).Length == 1, "a warning each");

        bench.Store.Remove(StoreKeys.In(StoreKeys.Guests, "7"));
        Bench.Eventually(() => bench.Snapshot(7) is null, "domain 7 gone");
        using SmallFrontend next = Connect(bench, 9, Bench.HostA);
        next.Write(devfn: 0, SubsystemId, 2, 1);
        Bench.Eventually(() => Denials(bench, 9).Length == 1, "the next guest's");

        Assert.Contains("03:00.0", Denials(bench, 9)[0], StringComparison.Ordinal);
        Assert.Single(Denials(bench, 7));
    }

    [Fact]
    public void A_guest_that_ends_at_once_is_warned_about_nevertheless()
    {
        using Bench bench = new();
        using SmallFrontend frontend = Connect(bench, 7, Bench.HostA);

        // The second comes while the log pauses after the first.
        frontend.Write(devfn: 0, SubsystemId, 2, 1);
        Bench.Eventually(() => Denials(bench, 7).Length == 1, "the first");
        frontend.Write(devfn: 0, 0x80, 2, 1);
        bench.Backend.Dispose();

        Assert.Equal(2, Denials(bench, 7).Length);
    }

    [Fact]
    public void Waking_the_log_allocates_nothing_on_the_shard()
    {
        using DeniedWriteLog log = new(new(new CapturedLines()));
        log.Noted();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100_000; i++)
        {
            log.Noted();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static SmallFrontend Connect(Bench bench, int domain, PciAddress device)
    {
        bench.Create(domain, device);
        bench.AwaitState(domain, 3);
        SmallFrontend frontend = new(bench, domain);
        frontend.Publish();
        bench.AwaitState(domain, 4);
        return frontend;
    }

    private static string[] Denials(Bench bench, int domain) =>
        [.. bench.Lines.Warnings.Where(
            line => line.Contains($"domain {domain}:", StringComparison.Ordinal) && line.Contains(" denied ", StringComparison.Ordinal))];
}
