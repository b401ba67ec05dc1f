using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Tests.Grants;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Stages.Wire;
using PciBackFlow.Tests.Shared;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>What the journal says of messages stays true, because numbers come back: a stale one is another device's.</summary>
public sealed class MessageJournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CapturedLines _lines = new();
    private readonly GrantJournal _journal;

    public MessageJournalTests() => _journal = GrantJournal.Open(_folder["run"], "this boot", _lines);

    [Fact]
    public void What_could_not_be_unmapped_stays_written_down_and_nothing_else()
    {
        using OwnedFunction owned = new();
        using IDomainControl domains = owned.Host.BackendView.OpenDomainControl();
        using InterruptOperations operations = new(owned.Physdev, owned.Warnings, owned.Lines, new MessageJournal(_journal, domains));
        operations.Add(OwnedFunction.Domain, owned.Function);
        MsixEntry[] entries = OwnedFunction.Entries(0, 1, 2);
        Assert.Equal(PciOpStatus.Success, operations.EnableMsix(owned.Function, entries).Status);
        int second = operations.StateOf(owned.Function).Pirqs[1];
        owned.Xen.Observer = request =>
        {
            if (request.Call == LoopbackCall.Unmap && request.Number == (ulong)second)
            {
                throw new HypervisorException(Errno.EIO, "refused");
            }
        };

        operations.DisableMsix(owned.Function);

        Assert.Equal([second], Assert.Single(_journal.Entries()).Grant.Pirqs());
    }

    /// <summary>What a reset wipes of hardware the next daemon has from here: what was enabled, and how many.</summary>
    [Theory]
    [InlineData(PciOpCode.EnableMsi, CapabilityId.Msi, 1)]
    [InlineData(PciOpCode.EnableMultiMsi, CapabilityId.Msi, 4)]
    [InlineData(PciOpCode.EnableMsix, CapabilityId.MsiX, 3)]
    public void What_was_enabled_is_written_down_and_of_what_could_not_be_unmapped_nothing_but_its_numbers(PciOpCode command, CapabilityId by, int count)
    {
        using OwnedFunction owned = new();
        using IDomainControl domains = owned.Host.BackendView.OpenDomainControl();
        using InterruptOperations operations = new(owned.Physdev, owned.Warnings, owned.Lines, new MessageJournal(_journal, domains));
        operations.Add(OwnedFunction.Domain, owned.Function);
        _ = command switch
        {
            PciOpCode.EnableMsi => operations.EnableMsi(owned.Function),
            PciOpCode.EnableMultiMsi => operations.EnableMultiMsi(owned.Function, 3),
            _ => operations.EnableMsix(owned.Function, OwnedFunction.Entries(0, 1, 2)),
        };
        Grant granted = Assert.Single(_journal.Entries()).Grant;
        Assert.Equal(((ulong)by, (ulong)count), (granted.First, granted.Count));

        owned.Xen.Fail(LoopbackCall.Unmap, Errno.EIO);
        operations.DisableMsix(owned.Function);

        granted = Assert.Single(_journal.Entries()).Grant;
        Assert.Equal((0ul, 0ul), (granted.First, granted.Count));
    }

    [Fact]
    public void A_number_that_another_device_has_by_now_is_not_unmapped_for_the_one_that_had_it()
    {
        LoopbackHost host = new();
        DomainLife life = new(7, Guid.NewGuid());
        JournalEntry stale = Mapped(new(0, 3, 0, 0), [30, 31]);
        JournalEntry own = Mapped(new(0, 4, 0, 0), [31, 32]);
        using RecordingPhysdev physdev = new();
        using IXenStore store = host.BackendView.OpenXenStore();
        using IDomainControl domains = host.BackendView.OpenDomainControl();
        GrantServices services = new()
        {
            Store = store, Domains = domains, Physdev = physdev, Custody = new ListedCustody(), Journal = _journal, Logger = _lines,
        };

        InheritedMessages.Unmap(services, stale);
        Assert.Equal([30], physdev.Unmapped);
        InheritedMessages.Unmap(services, own);
        Assert.Equal([30, 31, 32], physdev.Unmapped);

        JournalEntry Mapped(PciAddress device, int[] pirqs) =>
            _journal.Complete(_journal.Begin(life, device, GrantOwner.Us, new(GrantKind.Messages)), Grant.MessagesOf(pirqs));
    }

    public void Dispose()
    {
        _journal.Dispose();
        _folder.Dispose();
    }
}
