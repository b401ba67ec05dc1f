using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Tests.Shared;

namespace PciBackFlow.Backend.Tests.Grants;

/// <summary>Pauses that were begun by a daemon that was killed, and pauses whose daemon ends.</summary>
public sealed class GuestPausesTests : IDisposable
{
    private static readonly DomainLife Life = new(8, new("11111111-2222-3333-4444-555555555555"));
    private static readonly PciAddress Nic = new(0, 3, 0, 0);

    private readonly TemporaryFolder _folder = new();
    private readonly LoopbackHost _host = new();
    private readonly CapturedLines _lines = new();
    private readonly LoopbackDomain _guest;
    private readonly GrantServices _services;

    public GuestPausesTests()
    {
        _guest = _host.CreateDomain(Life.DomainId, Life.Handle);
        IXenStore store = _host.BackendView.OpenXenStore();
        _services = new()
        {
            Store = store, Domains = _host.BackendView.OpenDomainControl(), Physdev = _host.BackendView.OpenPhysdev(),
            Custody = new ListedCustody(), Journal = GrantJournal.Open(_folder["run"], "this boot", _lines), Logger = _lines,
        };
    }

    [Fact]
    public void What_a_killed_daemon_may_have_paused_is_decided_before_this_one_pauses()
    {
        _services.Journal.Begin(Life, Nic, GrantOwner.Us, new(GrantKind.Pause));
        GuestPauses pauses = new(_services);

        JournalEntry pause = pauses.Begin(Life, Nic);
        Assert.True(_guest.IsPaused);
        pauses.Recover(Life);
        pauses.End(pause);

        Assert.False(_guest.IsPaused);
        Assert.Empty(_services.Journal.Entries());
        Assert.Empty(_lines.Warnings);
    }

    [Fact]
    public void A_pause_that_nobody_knows_whose_it_is_stays_and_is_said_to_when_another_begins()
    {
        _services.Journal.Begin(Life, Nic, GrantOwner.Us, new(GrantKind.Pause));
        _services.Domains.Pause(Life.DomainId);
        GuestPauses pauses = new(_services);

        pauses.End(pauses.Begin(Life, Nic));

        Assert.True(_guest.IsPaused);
        Assert.Contains("xl unpause 8", Assert.Single(_lines.Warnings), StringComparison.Ordinal);
        Assert.Empty(_services.Journal.Entries());
    }

    // It may have been undone before the daemon was killed: what is seen now may be somebody else's.
    [Fact]
    public void A_pause_that_a_killed_daemon_was_undoing_is_not_undone_again()
    {
        _services.Journal.Complete(_services.Journal.Begin(Life, Nic, GrantOwner.Us, new(GrantKind.Pause)), new(GrantKind.Pause, First: 1));
        _services.Domains.Pause(Life.DomainId);

        new GuestPauses(_services).Recover(Life);

        Assert.True(_guest.IsPaused);
        Assert.Contains("xl unpause 8", Assert.Single(_lines.Warnings), StringComparison.Ordinal);
        Assert.Empty(_services.Journal.Entries());
    }

    [Fact]
    public void A_pause_of_a_guest_that_is_gone_is_forgotten_although_its_device_is_still_kept()
    {
        JournalEntry kept = _services.Journal.Complete(_services.Journal.Begin(new(7, Life.Handle), Nic, GrantOwner.Us, new(GrantKind.Kept, Text: "03:00.0")));
        _services.Journal.Complete(_services.Journal.Begin(Life, Nic, GrantOwner.Us, new(GrantKind.Pause)));
        _host.DestroyDomain(Life.DomainId);

        new GuestPauses(_services).Recover(Life);

        Assert.Equal([kept], _services.Journal.Entries());
    }

    [Fact]
    public void A_daemon_that_ends_lets_the_guest_go_that_it_made_stand_still()
    {
        GuestPauses pauses = new(_services);
        JournalEntry pause = pauses.Begin(Life, Nic);

        pauses.Dispose();

        Assert.False(_guest.IsPaused);
        Assert.Empty(_services.Journal.Entries());

        // What is still under way comes to its end after the journal.
        _services.Journal.Dispose();
        _services.Domains.Pause(Life.DomainId);
        pauses.End(pause);
        Assert.True(_guest.IsPaused);
        Assert.Throws<ObjectDisposedException>(() => pauses.Begin(Life, Nic));
    }

    public void Dispose()
    {
        _services.Journal.Dispose();
        _services.Store.Dispose();
        _services.Domains.Dispose();
        _services.Physdev.Dispose();
        _folder.Dispose();
    }
}
