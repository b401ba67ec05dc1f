using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Loopback.Store;

public sealed class LoopbackXenStoreTests
{
    private const string Scratch = "/test/scratch";
    private const string Device = "/local/domain/5/device/pci/0";

    private readonly LoopbackHost _host = new();

    public LoopbackXenStoreTests()
    {
        _host.CreateDomain(5);
        _host.CreateDomain(6);
        using IXenStore store = Open();
        store.MakeDirectory(Scratch);

        // As a toolstack makes a frontend's directory: the guest owns it, the backend reads it.
        store.MakeDirectory(Device);
        store.SetPermissions(Device, [new(5, XenStoreAccess.None), new(0, XenStoreAccess.Read)]);
    }

    public static TheoryData<string> Contract => [.. XenStoreContract.Checks.Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_loopback_keeps_the_contract(string name) => XenStoreContract.Checks.Single(check => check.Name == name)
        .Run(new XenStoreSubject(Open, Scratch, 0, OtherDomainId: 77, TakesRelativePaths: true, Rounds: 1000));

    [Fact]
    public void Every_check_of_a_contract_is_in_its_list()
    {
        Assert.Equal(Methods(typeof(XenStoreContract)), Listed(XenStoreContract.Checks.Select(check => check.Name)));
        Assert.Equal(Methods(typeof(EventChannelsContract)), Listed(EventChannelsContract.Checks.Select(check => check.Name)));
        Assert.Equal(Methods(typeof(GrantTableContract)), Listed(GrantTableContract.Checks.Select(check => check.Name)));

        static IEnumerable<string> Methods(Type contract) =>
            contract.GetMethods().Where(m => m.IsStatic && m.Name.Contains('_') && !m.IsSpecialName).Select(m => m.Name).Order(StringComparer.Ordinal);

        static IEnumerable<string> Listed(IEnumerable<string> names) =>
            names.Select(name => name.Split('(')[0]).Distinct().Order(StringComparer.Ordinal);
    }

    [Fact]
    public void A_relative_path_lies_below_the_connections_own_domain()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();
        using IXenStore store = Open();

        guest.Write("device/pci/0/state", "1");

        Assert.Equal("1", store.Read($"{Device}/state"));
        Assert.Equal("5", guest.Read("domid"));
        Assert.Equal("0", store.Read("domid"));
    }

    [Fact]
    public void A_relative_watch_reports_relative_paths()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();
        using var events = new XenStoreContract.Events();
        using IDisposable watch = guest.Watch("device/pci", events.Add);
        Assert.Equal("device/pci", events.Next());

        using IXenStore store = Open();
        store.Write($"{Device}/state", "1");

        Assert.Equal("device/pci/0/state", events.Next());
    }

    [Fact]
    public void A_guest_owns_what_it_creates_and_others_get_what_the_parent_says()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();
        using IXenStore store = Open();

        guest.Write("device/pci/0/state", "1");

        Assert.Equal(
            [new(5, XenStoreAccess.None), new(0, XenStoreAccess.Read)],
            store.GetPermissions($"{Device}/state"));
        using IXenStore stranger = _host.ViewOf(6).OpenXenStore();
        Assert.Equal(Errno.EACCES, Check.Refused(() => stranger.Read($"{Device}/state")));
        Assert.Equal(Errno.EACCES, Check.Refused(() => stranger.Write($"{Device}/state", "6")));
        Assert.Equal(Errno.EACCES, Check.Refused(() => stranger.Directory(Device)));
        Assert.Equal(Errno.EACCES, Check.Refused(() => stranger.Remove(Device)));
        Assert.Equal(Errno.EACCES, Check.Refused(() => stranger.GetPermissions(Device)));
    }

    [Theory] // the letters of the first entry (everybody) and of domain 5's own entry, and what domain 5 may then do
    [InlineData(XenStoreAccess.None, null, false, false)]
    [InlineData(XenStoreAccess.Read, null, true, false)]
    [InlineData(XenStoreAccess.Write, null, false, true)]
    [InlineData(XenStoreAccess.Both, null, true, true)]
    [InlineData(XenStoreAccess.None, XenStoreAccess.Read, true, false)]
    [InlineData(XenStoreAccess.None, XenStoreAccess.Both, true, true)]
    [InlineData(XenStoreAccess.Both, XenStoreAccess.None, false, false)]
    [InlineData(XenStoreAccess.Both, XenStoreAccess.Read, true, false)]
    public void Access_is_the_own_entry_or_else_the_first_ones(XenStoreAccess everybody, XenStoreAccess? own, bool reads, bool writes)
    {
        using IXenStore store = Open();
        store.Write($"{Scratch}/n", "1");
        store.SetPermissions(
            $"{Scratch}/n",
            own is { } access ? [new(0, everybody), new(5, access)] : [new(0, everybody)]);
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();

        Assert.Equal(reads ? Errno.None : Errno.EACCES, ErrnoOrNone(() => guest.Read($"{Scratch}/n")));
        Assert.Equal(writes ? Errno.None : Errno.EACCES, ErrnoOrNone(() => guest.Write($"{Scratch}/n", "2")));
        Assert.Equal(Errno.EACCES, ErrnoOrNone(() => guest.SetPermissions($"{Scratch}/n", [new(5, XenStoreAccess.Both)])));
    }

    [Fact]
    public void A_guest_may_change_its_nodes_permissions_but_not_give_them_away()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();
        guest.Write("device/pci/0/x", "1");

        guest.SetPermissions("device/pci/0/x", [new(5, XenStoreAccess.Read)]);

        using IXenStore stranger = _host.ViewOf(6).OpenXenStore();
        Assert.Equal("1", stranger.Read($"{Device}/x"));
        Assert.Equal(Errno.EPERM, Check.Refused(() => guest.SetPermissions("device/pci/0/x", [new(6, XenStoreAccess.Read)])));
    }

    [Fact]
    public void A_guest_can_not_write_its_own_home_nor_learn_what_is_absent_elsewhere()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();

        Assert.Equal(Errno.EACCES, Check.Refused(() => guest.Write("new", "1")));
        Assert.Null(guest.Read("new"));
        Assert.Equal(Errno.EACCES, Check.Refused(() => guest.Read("/local/domain/0/nothing")));
        Assert.Equal(Errno.EACCES, Check.Refused(() => guest.Read("/local/domain/999")));
    }

    [Fact]
    public void A_guest_hears_nothing_of_nodes_it_may_not_read()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();
        using IXenStore store = Open();
        using var events = new XenStoreContract.Events();
        using IDisposable watch = guest.Watch("/", events.Add);
        Assert.Equal("/", events.Next());

        store.Write($"{Scratch}/secret", "1");
        store.Write($"{Device}/open", "1");

        Assert.Equal($"{Device}/open", events.Next());
    }

    [Fact]
    public void The_death_of_a_domain_removes_its_home_and_fires_releaseDomain()
    {
        using IXenStore store = Open();
        using var releases = new XenStoreContract.Events();
        using var states = new XenStoreContract.Events();
        store.Write($"{Device}/state", "4");
        using IDisposable first = store.Watch("@releaseDomain", releases.Add);
        using IDisposable second = store.Watch($"{Device}/state", states.Add);
        releases.Next();
        states.Next();

        _host.DestroyDomain(5);

        Assert.Equal("@releaseDomain", releases.Next());
        Assert.Equal($"{Device}/state", states.Next());
        Assert.Null(store.Read("/local/domain/5"));
        _host.DestroyDomain(5);
    }

    [Fact]
    public void The_birth_of_a_domain_fires_introduceDomain()
    {
        using IXenStore store = Open();
        using var events = new XenStoreContract.Events();
        using IDisposable watch = store.Watch("@introduceDomain", events.Add);
        events.Next();

        _host.CreateDomain(7);

        Assert.Equal("@introduceDomain", events.Next());
        Assert.Equal(Errno.EEXIST, Check.Refused(() => _host.CreateDomain(7)));
    }

    [Fact]
    public void A_guest_hears_no_special_event_after_the_first()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();
        using var events = new XenStoreContract.Events();
        using IDisposable watch = guest.Watch("@releaseDomain", events.Add);
        Assert.Equal("@releaseDomain", events.Next());

        _host.DestroyDomain(6);

        Assert.False(events.Any());
    }

    [Fact]
    public void A_dead_domains_connection_is_refused_and_its_watches_are_quiet()
    {
        IXenStore guest = _host.ViewOf(5).OpenXenStore();
        using var events = new XenStoreContract.Events();
        IDisposable watch = guest.Watch(Device, events.Add);
        events.Next();
        IXenStoreTransaction transaction = guest.BeginTransaction();
        transaction.Write($"{Device}/late", "1");
        LoopbackHypervisor view = _host.ViewOf(5);

        _host.DestroyDomain(5);

        Assert.Equal(Errno.EIO, Check.Refused(() => guest.Read("domid")));
        Assert.Equal(Errno.EIO, Check.Refused(() => transaction.Commit()));
        Assert.Equal(Errno.ESRCH, Check.Refused(() => view.OpenXenStore()));
        _host.CreateDomain(5);
        using IXenStore store = Open();
        store.Write($"{Device}/state", "1");
        Assert.False(events.Any());
        watch.Dispose();
        guest.Dispose();
    }

    [Fact]
    public void A_guest_may_own_1000_nodes_and_gets_them_back_by_removing()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();

        // Its device directory is the first of them.
        for (int i = 1; i < 1000; i++)
        {
            guest.Write($"device/pci/0/{i}", "");
        }

        Assert.Equal(Errno.ENOSPC, Check.Refused(() => guest.Write("device/pci/0/x", "")));
        Assert.Equal(Errno.ENOSPC, Check.Refused(() => guest.MakeDirectory("device/pci/0/x")));
        guest.Write("device/pci/0/1", "an existing node can be written");
        guest.Remove("device/pci/0/1");
        guest.Write("device/pci/0/x", "");
        using IXenStoreTransaction transaction = guest.BeginTransaction();
        Assert.Equal(Errno.ENOSPC, Check.Refused(() => transaction.Write("device/pci/0/y", "")));
        transaction.Remove("device/pci/0/2");
        transaction.Write("device/pci/0/y", "");
        Assert.True(transaction.Commit());
    }

    [Fact]
    public void A_guests_value_is_at_most_2048_bytes()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();

        guest.Write("device/pci/0/v", new string('v', 2048));

        Assert.Equal(Errno.ENOSPC, Check.Refused(() => guest.Write("device/pci/0/v", new string('v', 2049))));
    }

    [Fact]
    public void A_guest_may_have_128_watches_and_10_open_transactions()
    {
        using IXenStore guest = _host.ViewOf(5).OpenXenStore();
        IDisposable[] watches = [.. Enumerable.Range(0, 128).Select(i => guest.Watch($"device/{i}", _ => { }))];
        Assert.Equal(Errno.E2BIG, Check.Refused(() => guest.Watch("device/x", _ => { })));
        watches[0].Dispose();
        guest.Watch("device/x", _ => { }).Dispose();

        IXenStoreTransaction[] open = [.. Enumerable.Range(0, 10).Select(_ => guest.BeginTransaction())];
        Assert.Equal(Errno.ENOSPC, Check.Refused(() => guest.BeginTransaction()));
        open[0].Dispose();
        guest.BeginTransaction().Dispose();
    }

    [Fact]
    public void Domain_0_has_no_quota()
    {
        using IXenStore store = Open();
        IDisposable[] watches = [.. Enumerable.Range(0, 200).Select(i => store.Watch($"{Scratch}/{i}", _ => { }))];
        IXenStoreTransaction[] open = [.. Enumerable.Range(0, 20).Select(_ => store.BeginTransaction())];
        for (int i = 0; i < 1500; i++)
        {
            store.Write($"{Scratch}/n{i}", "");
        }

        Assert.Equal(1500, store.Directory(Scratch)!.Count);
        Assert.Equal((200, 20), (watches.Length, open.Length));
    }

    [Fact]
    public void A_thousand_guests_with_thirty_nodes_each_are_watched_and_released()
    {
        var host = new LoopbackHost();
        using IXenStore store = host.BackendView.OpenXenStore();
        int heard = 0;
        using IDisposable watch = store.Watch("/local/domain/0/backend/pci", _ => Interlocked.Increment(ref heard));
        var frontends = new List<IDisposable>();
        for (int id = 1; id <= 1000; id++)
        {
            host.CreateDomain(id);
            string device = $"/local/domain/{id}/device/pci/0";
            store.MakeDirectory(device);
            store.SetPermissions(device, [new(id, XenStoreAccess.None), new(0, XenStoreAccess.Read)]);
            frontends.Add(store.Watch($"{device}/state", _ => { }));
            for (int node = 0; node < 15; node++)
            {
                store.Write($"/local/domain/0/backend/pci/{id}/0/key-{node}", "0000:04:00.0");
            }

            using IXenStore guest = host.ViewOf(id).OpenXenStore();
            using IXenStoreTransaction transaction = guest.BeginTransaction();
            for (int node = 0; node < 12; node++)
            {
                transaction.Write($"device/pci/0/key-{node}", "x");
            }

            Assert.True(transaction.Commit());
        }

        Assert.Equal(1000, store.Directory("/local/domain/0/backend/pci")!.Count);
        for (int id = 1; id <= 1000; id++)
        {
            host.DestroyDomain(id);
        }

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref heard) == 1 + (1000 * 15), 5_000), $"{heard} events");
        Assert.Equal(["0"], store.Directory("/local/domain"));
        frontends.ForEach(f => f.Dispose());
    }

    private IXenStore Open() => _host.BackendView.OpenXenStore();

    private static Errno ErrnoOrNone(Action request)
    {
        try
        {
            request();
            return Errno.None;
        }
        catch (HypervisorException e)
        {
            return e.Errno;
        }
    }
}
