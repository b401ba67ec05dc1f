using System.Text.RegularExpressions;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>The program restarts, dies halfway, or the host boots: what is held then.</summary>
public sealed class CustodyRestartTests : IDisposable
{
    private const string Nic = "0000:03:00.0";
    private const int Command = 0x04;

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    private readonly FakeHost _host = new();

    public CustodyRestartTests()
    {
        _host.AddPort("0000:00:1c.0");
        _host.AddNic(Nic, "e1000e", "0000:00:1c.0");
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_restarted_program_goes_on_holding_what_it_held_and_touches_nothing()
    {
        HeldDevice before = Take("wan");
        _host[Nic].Set(Command, 0x0507);
        _host.Happened.Clear();

        using DeviceCustody custody = _host.Open();

        HeldDevice after = Assert.Single(custody.Held());
        Assert.Equal((before.Address, "wan", "e1000e"), (after.Address, after.Name, after.OriginalDriver));
        Assert.Equal(_host[Nic].Gsi, custody.LineOf(Address));
        Assert.Empty(custody.Adopt());
        Assert.Empty(_host.Happened);
        Assert.Equal(0x0507, _host[Nic].Word(Command));
    }

    /// <summary>Guests wait meanwhile, and the more devices a host has the longer.</summary>
    [Fact]
    public void A_restarted_program_holds_its_devices_before_it_has_looked_at_them()
    {
        Take("wan");
        _host[Nic].Edit(static bytes => bytes.AsSpan().Fill(0xFF));

        using var custody = DeviceCustody.Open(_host.Options());

        Assert.Null(Assert.Single(custody.Held()).Unusable);
        Assert.Contains("does not answer", custody.Functions.Claim(5, Address).Refusal?.Reason, StringComparison.Ordinal);
        custody.Examine();
        Assert.Contains("does not answer", Assert.Single(custody.Held()).Unusable, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_guest_was_given_before_it_was_looked_at_stays_the_guests()
    {
        Take("wan");
        using var custody = DeviceCustody.Open(_host.Options());
        Assert.True(custody.Functions.Claim(5, Address).IsGranted);

        custody.Examine();

        HeldDevice held = Assert.Single(custody.Held());
        Assert.Equal((5, null), (held.OwnerDomain, held.Unusable));
    }

    [Fact]
    public void A_name_with_a_comma_from_before_it_was_refused_is_read_and_adopted_as_it_is()
    {
        Take("wan");
        string path = Path.Combine(_host.Folder("state"), "devices.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"wan\"", "\"wan,1\"", StringComparison.Ordinal));
        using (DeviceCustody custody = _host.Open())
        {
            Assert.Equal("wan,1", Assert.Single(custody.Held()).Name);
        }

        _host.Boot("second-boot");
        using DeviceCustody later = _host.Open();

        Assert.Empty(later.Adopt());
        Assert.Equal("wan,1", Assert.Single(later.Held()).Name);
    }

    [Fact]
    public void A_card_without_a_serial_number_is_held_after_a_restart_as_well()
    {
        _host[Nic].Edit(static bytes => bytes.AsSpan(ConfigRegisters.StandardSize).Clear());
        Take("wan");

        using DeviceCustody custody = _host.Open();

        Assert.Equal("wan", Assert.Single(custody.Held()).Name);
    }

    [Fact]
    public void A_state_file_of_a_program_that_wrote_nothing_for_no_serial_number_is_read()
    {
        _host[Nic].Edit(static bytes => bytes.AsSpan(ConfigRegisters.StandardSize).Clear());
        Take("wan");
        string path = Path.Combine(_host.Folder("state"), "devices.json");
        string written = File.ReadAllText(path);
        string earlier = Regex.Replace(written, ",\\s*\"serial_number\": null", string.Empty);
        Assert.NotEqual(written, earlier);
        File.WriteAllText(path, earlier);

        using DeviceCustody custody = _host.Open();

        Assert.Null(Assert.Single(custody.Held()).Unusable);
    }

    [Fact]
    public void After_a_restart_a_device_is_given_back_to_the_driver_it_was_taken_from()
    {
        string before = _host.Everything();
        Take(null);
        using DeviceCustody custody = _host.Open();
        custody.GiveBack(Address, rebind: true, force: false);

        Assert.Equal(before, _host.Everything());
    }

    [Fact]
    public void A_program_that_died_while_taking_left_an_intent_that_is_undone()
    {
        string before = _host.Everything();
        for (int steps = 0; steps < 12; steps++)
        {
            // The world after so many changes: everything later fails, undoing included, as for a program that is no more.
            using (DeviceCustody dying = _host.Open())
            {
                Die(dying, steps);
            }

            using DeviceCustody custody = _host.Open();
            if (custody.Held().Count > 0)
            {
                custody.GiveBack(Address, rebind: true, force: false);
            }

            Assert.Equal(before, _host.Everything());
        }
    }

    [Fact]
    public void A_device_that_somebody_gave_to_a_driver_meanwhile_is_no_longer_held()
    {
        Take(null);
        _host.Bus.SetOverride(Address, null);
        _host.Bus.Bind(Address, "e1000e");

        using DeviceCustody custody = _host.Open();

        Assert.Empty(custody.Held());
        Assert.Contains(_host.Lines.Warnings, static line => line.Contains("e1000e was bound", StringComparison.Ordinal));
        Assert.Empty(custody.Adopt());
    }

    [Fact]
    public void An_override_that_somebody_cleared_is_set_again()
    {
        Take(null);
        _host.Bus.SetOverride(Address, null);

        using DeviceCustody custody = _host.Open();

        Assert.Single(custody.Held());
        Assert.Equal(HostSnapshot.SetAside, _host.Bus.OverrideOf(Address));
    }

    [Fact]
    public void A_card_swapped_while_the_program_was_down_is_held_but_unusable()
    {
        Take(null);
        _host[Nic].Edit(static config => config[0x02] = 0xD4);
        using DeviceCustody custody = _host.Open();

        Assert.Contains("another card is in its place", Assert.Single(custody.Held()).Unusable, StringComparison.Ordinal);
        Assert.NotNull(Assert.Single(custody.Held()).Unusable);
    }

    /// <summary>Whatever is met at one device costs that one, not the daemon.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_bad_device_does_not_keep_the_others_from_being_held(bool isNewBoot)
    {
        _host.AddNic("00:05.0");
        Take("wan");
        using (DeviceCustody before = _host.Open())
        {
            before.Take(PciAddress.Parse("00:05.0"), "lan", force: false);
        }

        if (isNewBoot)
        {
            Reboot(isHidden: true);
        }
        else
        {
            _host.Bus.SetOverride(PciAddress.Parse("00:05.0"), null);
        }

        _host.Died = () => _host.Happened[^1].Contains("00:05.0", StringComparison.Ordinal)
            ? throw (isNewBoot ? new InvalidOperationException("a defect") : new UnauthorizedAccessException("not allowed"))
            : false;

        using DeviceCustody custody = _host.Open();
        IReadOnlyList<string> problems = custody.Adopt();

        HeldDevice[] usable = [.. custody.Held().Where(static device => device.Unusable is null)];
        Assert.Equal("wan", Assert.Single(usable).Name);
        string why = isNewBoot ? Assert.Single(problems.Distinct()) : Assert.Single(custody.Held(), static device => device.Unusable is not null).Unusable!;
        Assert.Contains(isNewBoot ? "a defect" : "not allowed", why, StringComparison.Ordinal);
        _host.Died = null;
    }

    [Fact]
    public void After_a_boot_what_was_hidden_in_time_is_taken_again_with_its_name_and_driver()
    {
        Take("wan");
        Reboot(isHidden: true);
        using DeviceCustody custody = _host.Open();
        Assert.Empty(custody.Held());

        Assert.Empty(custody.Adopt());

        HeldDevice held = Assert.Single(custody.Held());
        Assert.Equal(("wan", "e1000e"), (held.Name, held.OriginalDriver));
        Assert.Equal(DomainInfo.Quarantine, _host.Passthrough.OwnerOf(Address));
    }

    [Fact]
    public void After_a_boot_what_a_driver_got_is_taken_from_it_unless_the_host_uses_it()
    {
        Take("wan");
        Reboot(isHidden: false);
        _host[Nic].With("boot_vga", "1");
        using DeviceCustody custody = _host.Open();

        Assert.Contains("it is the display", Assert.Single(custody.Adopt()), StringComparison.Ordinal);
        Assert.Equal("e1000e", _host[Nic].Driver);

        _host[Nic].With("boot_vga", "0");
        Assert.Empty(custody.Adopt());
        Assert.Equal("wan", Assert.Single(custody.Held()).Name);
    }

    [Fact]
    public void What_was_hidden_at_boot_is_adopted_and_stays_hidden_when_that_fails()
    {
        FakeDevice hidden = _host.AddNic("00:05.0", driver: null);
        hidden.With("driver_override", HostSnapshot.SetAside).Preferred = "e1000e";
        _host.AddNic("00:05.1");
        using DeviceCustody custody = _host.Open();

        Assert.Contains("0000:00:05.1 is in the same package", Assert.Single(custody.Adopt()), StringComparison.Ordinal);
        _host.Bus.Unbind(PciAddress.Parse("00:05.1"));
        _host.FailAt = 3;
        Assert.Single(custody.Adopt());
        Assert.Equal((HostSnapshot.SetAside, null), (hidden.Text("driver_override"), hidden.Driver));

        Assert.Empty(custody.Adopt());
        Assert.Null(Assert.Single(custody.Held()).OriginalDriver);
    }

    [Fact]
    public void A_card_swapped_while_the_host_was_off_is_refused_with_both_named()
    {
        Take("wan");
        Reboot(isHidden: true);
        _host[Nic].Edit(static config => config[0x02] = 0xD4);
        using DeviceCustody custody = _host.Open();

        string problem = custody.Adopt()[0];

        Assert.Contains("8086:10d3", problem, StringComparison.Ordinal);
        Assert.Contains("8086:10d4", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "cannot be read")]
    [InlineData("null", "version 0")]
    [InlineData("{\"version\": 2, \"devices\": []}", "version 2")]
    [InlineData("{\"version\": 1, \"devices\": [{\"address\": \"nonsense\"}]}", "cannot be read")]
    [InlineData("{\"version\": 1, \"devices\": null}", "cannot be read")]
    public void A_state_file_that_is_none_is_not_guessed_at(string text, string reason)
    {
        Directory.CreateDirectory(_host.Folder("state"));
        File.WriteAllText(Path.Combine(_host.Folder("state"), "devices.json"), text);

        BackendException failure = Assert.Throws<BackendException>(() => _host.Open());

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Contains("devices.json", failure.Message, StringComparison.Ordinal);
    }

    private HeldDevice Take(string? name)
    {
        using DeviceCustody custody = _host.Open();
        return custody.Take(Address, name, force: false);
    }

    private void Die(DeviceCustody custody, int steps)
    {
        string state = _host.Folder("state/devices.json");
        string? intent = null;
        int count = 0;
        _host.Died = () =>
        {
            intent ??= File.ReadAllText(state);
            return count++ >= steps;
        };
        Record.Exception(() => custody.Take(Address, null, force: true));
        _host.Died = null;
        if (intent is not null)
        {
            File.WriteAllText(state, custody.Held().Count > 0 ? File.ReadAllText(state) : intent);
        }
    }

    // Xen and the kernel forget everything; the state directory does not.
    private void Reboot(bool isHidden)
    {
        _host.Boot("second-boot");
        _host.Physdev.ReleaseMsix(Address);
        _host.Domains.Deassign(DomainInfo.Quarantine, Address);
        FakeDevice nic = _host[Nic];
        nic.With("enable", "0").With("power/control", "auto").With("d3cold_allowed", "1").With("irq", "11").Set(Command, 0x0103);
        _host["00:1c.0"].With("power/control", "auto");
        nic.With("driver_override", isHidden ? HostSnapshot.SetAside : "(null)");
        if (!isHidden)
        {
            _host.Bus.Bind(Address, "e1000e");
        }
    }
}
