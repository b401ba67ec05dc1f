using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Grants;

/// <summary>Who claims a device could map its memory, whoever granted it.</summary>
public sealed class NotedClaimsTests : IDisposable
{
    private static readonly PciAddress Nic = PciAddress.Parse("03:00.0");

    private readonly TemporaryFolder _folder = new();
    private readonly LoopbackHost _host = new();
    private readonly EmulatedCustody _custody = new(
        [() => new EmulatedFunctionBuilder(0x8086, 0x10D3).BaseAddress(0, 0xFEB0_0000, 0x4000).BaseAddress(2, 0xC000, 0x20, 1).Build(Nic)]);

    private readonly CapturedLines _lines = new();
    private readonly GrantJournal _journal;
    private readonly IDomainControl _domains;
    private readonly NotedClaims _functions;

    public NotedClaimsTests()
    {
        _journal = GrantJournal.Open(_folder["run"], "this boot", new CapturedLines());
        _domains = _host.BackendView.OpenDomainControl();
        _functions = new(_custody.Functions, _custody, _journal, _domains, _lines);
        _host.CreateDomain(7);
    }

    private DomainLife Life => DomainLife.Of(_domains.Find(7)!.Value);

    [Fact]
    public void What_xl_granted_is_noted_once_and_outlasts_its_release()
    {
        for (int i = 0; i < 2; i++)
        {
            Assert.True(_functions.Claim(7, Nic).IsGranted);
            _functions.Release(7, Nic);
        }

        JournalEntry reached = Assert.Single(_journal.ReachedOf(Life));
        Assert.Equal((Nic, new Grant(GrantKind.Reached, 0xFEB00, 4)), (reached.Device, reached.Grant));
        Assert.Equal([Life], _journal.LivesWithDevices());
        Assert.Null(_journal.HolderOf(Nic));
    }

    [Fact]
    public void What_was_granted_here_is_noted_when_it_is_revoked()
    {
        _journal.Complete(_journal.Begin(Life, Nic, GrantOwner.Us, new(GrantKind.Memory, 0xFEB00, 4)));

        Assert.True(_functions.Claim(7, Nic).IsGranted);

        Assert.Empty(_journal.ReachedOf(Life));
    }

    [Fact]
    public void A_refused_claim_is_nobodys()
    {
        _host.CreateDomain(8);
        Assert.True(_custody.Functions.Claim(8, Nic).IsGranted);

        Assert.False(_functions.Claim(7, Nic).IsGranted);
        Assert.Empty(_journal.Lives());
    }

    [Fact]
    public void A_guest_whose_note_cannot_be_written_gets_nothing()
    {
        _journal.Dispose();

        Assert.Contains("cannot be written down", _functions.Claim(7, Nic).Refusal?.Reason, StringComparison.Ordinal);
        Assert.Null(_custody.Find(Nic.ToString())!.OwnerDomain);
    }

    [Fact]
    public void Whoever_lives_and_could_map_a_frame_of_a_device_may_still_reach_it()
    {
        _functions.Claim(7, Nic);
        _functions.Release(7, Nic);

        using IXenStore store = _host.BackendView.OpenXenStore();
        using IPhysdev physdev = _host.BackendView.OpenPhysdev();
        FormerGuests former = new(new() { Store = store, Domains = _domains, Physdev = physdev, Custody = _custody, Journal = _journal });
        Assert.Equal([7], former.LivingOf(Nic));

        // To the same guest again without a word; to another one xl can give it, and that is said.
        _custody.FormerGuests = former;
        _functions.Claim(7, Nic);
        _functions.Release(7, Nic);
        Assert.Empty(_lines.Warnings);
        _host.CreateDomain(8);
        _functions.Claim(8, Nic);
        Assert.Contains("domain 7 had its memory", Assert.Single(_lines.Warnings), StringComparison.Ordinal);
        _host.DestroyDomain(8);
        Assert.Empty(former.LivingOf(PciAddress.Parse("04:00.0")));
        _host.DestroyDomain(7);
        Assert.Empty(former.LivingOf(Nic));
    }

    [Fact]
    public void Whose_devices_are_on_its_line_is_said_once_when_xl_did_not_ask()
    {
        _custody.LineGuests = new OnTheLine();

        for (int i = 0; i < 3; i++)
        {
            Assert.True(_functions.Claim(7, Nic).IsGranted);
            _functions.Release(7, Nic);
        }

        string line = Assert.Single(_lines.Warnings);
        Assert.Contains("xl gave it 0000:03:00.0, and did not ask: line 20 is domain 8's as well", line, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _journal.Dispose();
        _custody.Dispose();
        _domains.Dispose();
        _folder.Dispose();
    }

    private sealed class OnTheLine : ILineGuests
    {
        public IReadOnlyList<string> OthersOn(PciAddress device, int? next) => next == 7 ? ["line 20 is domain 8's as well"] : [];
    }
}
