using PciBackFlow.Filter.Policy;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// The Command register's truth table against a model of its published rule: what the guest reads is half its own memory and half
/// hardware; decoding is switched on through the host and never off again; only six bits can ever be written through.
/// </summary>
/// <remarks>Origin: Linux drivers/xen/xen-pciback/conf_space_header.c (command_read, command_write) after XSA-120 and its addendum
/// (CVE-2015-2150, CVE-2015-8553).</remarks>
public sealed class CommandRegisterTests
{
    private const int Command = 0x04;
    private const uint Decode = 0x0003;
    private const uint Master = 0x0004;
    private const uint WriteAndInvalidate = 0x0010;
    private const uint InterruptDisable = 0x0400;
    private const uint ThroughHardware = 0x02BC;

    private static readonly uint[] HardwareStarts = [0x0000, 0x0007, 0x0407, 0x0146, 0x02BC, 0xFFFF, 0xF840, 0x0010];

    public static TheoryData<bool, bool> Settings => new() { { false, false }, { false, true }, { true, false }, { true, true } };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_value_written_to_a_fresh_function_has_exactly_the_effects_of_the_rule(bool permissive, bool interruptControl)
    {
        var findings = new Findings();
        foreach (uint start in HardwareStarts)
        {
            PlainMemoryFunction hardware = Hardware(start);
            using var guest = new OneGuest(hardware, Policy(permissive, interruptControl));
            for (uint written = 0; written <= 0xFFFF; written++)
            {
                hardware.Poke(Command, 2, start);
                guest.Function.Release();
                var model = new Model(start, permissive, interruptControl);
                model.Write(written);
                Compare(findings, guest, hardware, model, guest.Write(Command, 2, written), $"hardware {start:x4}, written {written:x4}");
            }
        }

        findings.AssertNone();
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_long_row_of_writes_of_all_sizes_follows_the_rule_while_hardware_changes_on_its_own(bool permissive, bool interruptControl)
    {
        var findings = new Findings();
        var random = new Random(20150331);
        foreach (uint start in HardwareStarts)
        {
            PlainMemoryFunction hardware = Hardware(start);
            using var guest = new OneGuest(hardware, Policy(permissive, interruptControl));
            var model = new Model(start, permissive, interruptControl);
            string history = $"hardware {start:x4}";
            for (int step = 0; step < 2000; step++)
            {
                uint value = (uint)random.Next(0x10000);
                switch (random.Next(5))
                {
                    case 0:
                        // Another party on the host switches a bit that the register's rule takes from hardware.
                        model.Hardware ^= value & 0x02A8;
                        hardware.Poke(Command, 2, model.Hardware);
                        continue;
                    case 1:
                        model.Write((model.Read() & 0xFF00) | (value & 0xFF));
                        Compare(findings, guest, hardware, model, guest.Write(Command, 1, value & 0xFF), $"{history}, step {step}: low byte {value & 0xFF:x2}");
                        break;
                    case 2:
                        model.Write((model.Read() & 0x00FF) | (value & 0xFF00));
                        Compare(
                            findings, guest, hardware, model, guest.Write(Command + 1, 1, value >> 8),
                            $"{history}, step {step}: high byte {value >> 8:x2}");
                        break;
                    case 3:
                        model.Write(value);
                        Compare(findings, guest, hardware, model, guest.Write(Command, 4, value), $"{history}, step {step}: dword {value:x8}");
                        break;
                    default:
                        model.Write(value);
                        Compare(findings, guest, hardware, model, guest.Write(Command, 2, value), $"{history}, step {step}: word {value:x4}");
                        break;
                }
            }
        }

        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void Decoding_that_the_host_switched_on_is_never_switched_off_by_a_guest_which_reads_it_as_off(string policy)
    {
        // XSA-120 / CVE-2015-2150 and XSA-126 / CVE-2015-2756: an access to a function that doesn't decode becomes an
        // Unsupported Request, which can take the whole host down.
        foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
        {
            PlainMemoryFunction hardware = Hardware(0x0007);
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            Assert.Equal(PciOpStatus.Success, guest.Write(Command, 2, 0x0007));

            guest.Write(Command, size, 0);

            Assert.Equal(0x03, hardware.Bytes[Command] & 0x03);
            if (policy != "qemu-xen")
            {
                Assert.Equal(0u, guest.Read(Command, 2).Value & Decode);
            }
        }
    }

    [Fact]
    public void A_host_that_refuses_to_enable_the_function_fails_the_write_and_nothing_else_happens()
    {
        PlainMemoryFunction hardware = Hardware(0x0000);
        hardware.HostAgrees = false;
        using var guest = new OneGuest(hardware, AccessPolicy.Default);

        Assert.Equal(PciOpStatus.OperationFailed, guest.Write(Command, 2, 0x0147));

        Assert.Equal(0u, guest.Read(Command, 2).Value);
        Assert.Equal(0, hardware.Bytes[Command]);
    }

    [Fact]
    public void Enabling_is_asked_of_the_host_once_until_the_guest_has_switched_off_both_kinds_of_decoding()
    {
        PlainMemoryFunction hardware = Hardware(0x0000);
        using var guest = new OneGuest(hardware, AccessPolicy.Default);

        guest.Write(Command, 2, 0x0002);
        guest.Write(Command, 2, 0x0003);
        guest.Write(Command, 2, 0x0001);
        Assert.Equal(1, hardware.Enables);
        guest.Write(Command, 2, 0x0000);
        guest.Write(Command, 2, 0x0002);
        Assert.Equal(2, hardware.Enables);
    }

    [Fact]
    public void Switching_decoding_off_stops_bus_mastering_in_hardware()
    {
        PlainMemoryFunction hardware = Hardware(0x0000);
        using var guest = new OneGuest(hardware, AccessPolicy.Default);
        guest.Write(Command, 2, 0x0006);
        Assert.Equal(0x04, hardware.Bytes[Command] & 0x04);

        guest.Write(Command, 2, 0x0000);

        Assert.Equal(0x00, hardware.Bytes[Command] & 0x04);
        Assert.Equal(0x02, hardware.Bytes[Command] & 0x02);
    }

    [Fact]
    public void Memory_write_and_invalidate_stays_off_for_both_sides_when_the_cache_line_size_cannot_be_set()
    {
        // PCI Local Bus 3.0 §6.2.4: a function whose cache line size stays zero must not use the command.
        foreach (bool permissive in (ReadOnlySpan<bool>)[false, true])
        {
            PlainMemoryFunction hardware = Hardware(0x0003);
            hardware.Poke(0x0C, 1, 0);
            hardware.ReadOnlyBytes.Add(0x0C);
            using var guest = new OneGuest(hardware, Policy(permissive, false));

            Assert.Equal(PciOpStatus.Success, guest.Write(Command, 2, 0x0013));

            Assert.Equal(0, hardware.Bytes[Command] & 0x10);
            Assert.Equal(0u, guest.Read(Command, 2).Value & WriteAndInvalidate);
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("strict")]
    public void Writing_back_a_dword_read_from_Command_and_Status_clears_no_error_bit(string policy)
    {
        // Status bits 15:11 and 8 are cleared by writing ones (PCI Local Bus 3.0 §6.2.3). Drivers read and write back the dword at 4.
        PlainMemoryFunction hardware = Hardware(0x0007);
        hardware.Poke(0x06, 2, 0xF910);
        hardware.WriteLog = [];
        using var guest = new OneGuest(hardware, Policies.Named(policy));
        hardware.WriteLog.Clear();

        uint seen = guest.Read(Command, 4).Value;
        Assert.Equal(0xF910u, seen >> 16);
        guest.Write(Command, 4, seen | Master);

        foreach ((int offset, int size, uint value) in hardware.WriteLog)
        {
            for (int lane = 0; lane < size; lane++)
            {
                uint cleared = (offset + lane) switch { 6 => 0x00u, 7 => 0xF9u, _ => 0u } & (value >> (8 * lane));
                Assert.True(cleared == 0, $"a write of {value:x} to {offset:x}/{size} clears {cleared:x2} in byte {offset + lane:x}");
            }
        }
    }

    [Fact]
    public void A_permissive_guest_can_clear_an_error_bit_of_Status_by_writing_it_alone()
    {
        PlainMemoryFunction hardware = Hardware(0x0007);
        hardware.Poke(0x06, 2, 0xF910);
        hardware.WriteLog = [];
        using var guest = new OneGuest(hardware, AccessPolicy.Permissive);

        Assert.Equal(PciOpStatus.Success, guest.Write(0x06, 2, 0x8000));

        Assert.Contains(
            hardware.WriteLog,
            write => (write.Offset, write.Size, write.Value & 0xF900) is (6, 2, 0x8000)
                || (write.Offset, write.Size, write.Value & 0xF9) is (7, 1, 0x80));
    }

    private static AccessPolicy Policy(bool permissive, bool interruptControl) =>
        (permissive ? AccessPolicy.Permissive : AccessPolicy.Default) with { AllowInterruptControl = new(interruptControl, SettingOrigin.BuiltIn) };

    private static PlainMemoryFunction Hardware(uint command)
    {
        byte[] bytes = new SpaceBytes().Put(Command, 2, command).Put(0x0C, 1, 0x10).Bytes;
        return new PlainMemoryFunction(bytes, [new(0xFEBC0000, 0x1000, 0), new(0xC000, 0x20, 1), default, default, default, default, default], default);
    }

    private static void Compare(Findings findings, OneGuest guest, PlainMemoryFunction hardware, Model model, PciOpStatus status, string what)
    {
        uint now = hardware.Bytes[Command] | (uint)(hardware.Bytes[Command + 1] << 8);
        uint read = guest.Read(Command, 2).Value;
        findings.Check(
            status == PciOpStatus.Success && now == model.Hardware && read == model.Read(),
            () => $"{what}: {status}, hardware {now:x4} (expected {model.Hardware:x4}), reads {read:x4} (expected {model.Read():x4})");
        if (now != model.Hardware)
        {
            hardware.Poke(Command, 2, model.Hardware);
        }
    }

    private sealed class Model(uint hardware, bool permissive, bool interruptControl)
    {
        private uint _virtual = hardware;
        private bool _enabled;

        public uint Hardware { get; set; } = hardware;

        public uint Read() => (Hardware & ThroughHardware) | (_virtual & ~ThroughHardware);

        public void Write(uint written)
        {
            written &= 0xFFFF;
            if (!_enabled && (written & Decode) != 0)
            {
                Hardware |= Decode;
                _enabled = true;
            }
            else if (_enabled && (written & Decode) == 0)
            {
                Hardware &= ~Master;
                _enabled = false;
            }

            Take(Master, written);
            if (((written ^ _virtual) & WriteAndInvalidate) != 0)
            {
                Take(WriteAndInvalidate, written);
            }

            if (interruptControl && ((written ^ _virtual) & InterruptDisable) != 0)
            {
                Take(InterruptDisable, written);
            }

            _virtual = written;
            if (permissive)
            {
                Take(ThroughHardware, written);
            }
        }

        private void Take(uint bits, uint written) => Hardware = (Hardware & ~bits) | (written & bits);
    }

    /// <summary>What its enabling would reach by then is whatever card is at its address.</summary>
    [Fact]
    public void A_function_that_is_found_gone_is_neither_enabled_nor_written()
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, AccessPolicy.Default);
        (int enables, int writes) = (hardware.Enables, hardware.Writes);
        hardware.Poke(0x00, 4, uint.MaxValue);
        hardware.Poke(0x04, 4, uint.MaxValue);

        Assert.Equal(PciOpStatus.Success, guest.Write(0x04, 2, 0x0006));

        Assert.True(guest.Function.IsGone);
        Assert.Equal((enables, writes), (hardware.Enables, hardware.Writes));
    }
}
