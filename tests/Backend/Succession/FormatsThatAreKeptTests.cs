using System.Text.Json;
using PciBackFlow.Backend.Devices.State;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Tests.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Succession;

/// <summary>
/// What one daemon leaves and another reads, byte by byte (tests/Backend/Succession/Left; made by another program, from docs/recovery.md and docs/plans.md):
/// this one must read it, and write what that one can read. Where these tests have to change, a number of <see cref="SuccessionFormats"/> has to.
/// </summary>
public sealed class FormatsThatAreKeptTests : IDisposable
{
    private const string Boot = "0b4a7a52-6c0b-4a4e-9a1f-8f7f3d3c2b1a";

    private static readonly DomainLife Life = new(5, new("11111111-2222-3333-4444-555555555555"));
    private static readonly PciAddress Nic = new(0, 0, 3, 0);
    private static readonly PciAddress Vmd = new(0x10000, 4, 2, 1);

    private static readonly Grant[] Grants =
    [
        new(GrantKind.Assignment, 1), Grant.MemoryOf(0xFEB0_0000, 0x8000), new(GrantKind.Pirq, 16, 11), new(GrantKind.OwnerNote),
        Grant.MessagesOf([55, 56, 57]),
    ];

    private readonly DirectoryInfo _left = Directory.CreateTempSubdirectory("pcibackflow-test-");
    private readonly LoopbackHost _host = new();
    private readonly IDomainControl _domains;

    public FormatsThatAreKeptTests()
    {
        _host.CreateDomain(Life.DomainId, Life.Handle);
        _domains = _host.BackendView.OpenDomainControl();
        foreach (string file in Directory.EnumerateFiles(LeftFolder))
        {
            File.Copy(file, Path.Combine(_left.FullName, Path.GetFileName(file)));
        }
    }

    private static string LeftFolder => Path.Combine(AppContext.BaseDirectory, "Succession", "Left");

    public void Dispose()
    {
        _domains.Dispose();
        _left.Delete(recursive: true);
    }

    [Fact]
    public void The_journal_is_read()
    {
        using var journal = GrantJournal.Open(_left.FullName, Boot, new CapturedLines());
        IReadOnlyList<JournalEntry> entries = journal.Entries();
        Assert.Equal(Grants[..^2], entries.Where(static entry => entry.IsDone).Select(static entry => entry.Grant));
        Assert.Equal(Grants[^1], Assert.Single(entries, static entry => !entry.IsDone).Grant);
        Assert.All(entries, static entry => Assert.Equal((Life, Nic, GrantOwner.Us), (entry.Life, entry.Device, entry.Owner)));
    }

    [Fact]
    public void The_journal_is_written_so_that_it_could_be_read()
    {
        using TemporaryFolder fresh = new();
        using (var journal = GrantJournal.Open(fresh["left"], Boot, new CapturedLines()))
        {
            WriteJournal(journal);
        }

        Assert.Equal(File.ReadAllLines(Left(GrantJournal.FileName)), File.ReadAllLines(fresh[$"left/{GrantJournal.FileName}"]));
    }

    [Fact]
    public void Guests_and_recoveries_and_registers_are_read()
    {
        using var left = GuestInheritance.Open(_left.FullName, Boot, _domains, new CapturedLines());
        Assert.Equal(new FrontendKeys("8", "15", "7"), left.Find(GuestId.Of(Life.DomainId))!.Keys);
        LeftRecovery recovery = Assert.Single(left.Recoveries());
        Assert.Equal((Life, nameof(RecoveryPhase.Enabling), 2), (recovery.Life, recovery.Phase, recovery.Channel));
        Assert.Equal([Nic.ToString(), Vmd.ToString()], recovery.Devices);
        Assert.Equal([Nic.ToString()], recovery.Reporting);
        VirtualRegisters registers = left.Find(Life.DomainId, Vmd, new(0, 0, 2, 1), 256)!;
        Assert.Equal(Enumerable.Range(1, registers.Words.Length).Select(static word => (uint)word), registers.Words.ToArray());
        PcibackSettings settings = new();
        left.Keep(settings);
        Assert.Equal((Nic.ToString(), true), settings.All().Single() is var setting ? (setting.Device, setting.Permissive) : default);
    }

    [Theory]
    [InlineData("guest-5-0.json")]
    [InlineData("recovery-5-0.json")]
    [InlineData("function-10000:04:02.1")]
    [InlineData("attributes.json")]
    public void They_are_written_so_that_they_could_be_read(string name)
    {
        using TemporaryFolder fresh = new();
        using (var left = GuestInheritance.Open(fresh["left"], Boot, _domains, new CapturedLines()))
        {
            WriteGuests(left);
        }

        Assert.Equal(File.ReadAllBytes(Left(name)), File.ReadAllBytes(fresh[$"left/{name}"]));
    }

    [Fact]
    public void Held_devices_are_read_and_written_so_that_they_could_be_read()
    {
        using TemporaryFolder fresh = new();
        Directory.CreateDirectory(fresh["left"]);
        File.Copy(Left("devices.json"), fresh["left/devices.json"]);
        IReadOnlyList<HeldRecord> devices = new StateFile(fresh["left"]).Read();
        Assert.Equal([(new(0, 3, 0, 0), true), (Vmd, false)], devices.Select(static device => (device.Address, device.IsComplete)));

        new StateFile(fresh["written"]).Write(devices);

        Assert.Equal(File.ReadAllText(Left("devices.json")), File.ReadAllText(fresh["written/devices.json"]));
    }

    /// <summary>A later program adds a member: this one reads the rest.</summary>
    [Theory]
    [InlineData("guest-5-0.json")]
    [InlineData("recovery-5-0.json")]
    [InlineData("attributes.json")]
    public void What_a_later_program_adds_is_ignored(string name)
    {
        string text = File.ReadAllText(Left(name));
        File.WriteAllText(Left(name), $$"""{"added_later":{"x":[1]},{{text[1..]}}""");
        CapturedLines lines = new();
        using var left = GuestInheritance.Open(_left.FullName, Boot, _domains, lines);
        Assert.NotNull(left.Find(GuestId.Of(Life.DomainId)));
        Assert.Single(left.Recoveries());
        left.Keep(new());
        Assert.Empty(lines.Warnings);
    }

    [Fact]
    public void Every_format_is_one_of_these()
    {
        Assert.Equal(
            """{"guests":1,"journal":1,"registers":1,"state":1}""",
            JsonSerializer.Serialize(SuccessionFormats.All.OrderBy(static one => one.Key, StringComparer.Ordinal).ToDictionary()));
    }

    private string Left(string name) => Path.Combine(_left.FullName, name);

    private static void WriteJournal(GrantJournal journal)
    {
        foreach (Grant grant in Grants)
        {
            JournalEntry entry = journal.Begin(Life, Nic, GrantOwner.Us, grant);
            if (grant.Kind != GrantKind.Messages)
            {
                entry = journal.Complete(entry);
            }

            if (grant.Kind == GrantKind.OwnerNote)
            {
                journal.Close(entry);
            }
        }
    }

    private static void WriteGuests(GuestInheritance left)
    {
        left.Leave(GuestId.Of(Life.DomainId), new("8", "15", "7"), failed: []);
        left.LeaveRecovery(GuestId.Of(Life.DomainId), nameof(RecoveryPhase.Enabling), 2, [Nic, Vmd], [Nic]);
        VirtualRegisters registers = left.Create(Life.DomainId, Vmd, new(0, 0, 2, 1), 256);
        for (int i = 0; i < registers.Words.Length; i++)
        {
            registers.Words[i] = (uint)i + 1;
        }

        PcibackSettings settings = new();
        left.Keep(settings);
        settings.SetPermissive(Nic);
    }
}
