using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// What memory answers is exactly what cannot change: a scan touches the volatile dwords in hardware and no
/// others, and sees what changed there.
/// </summary>
public sealed class ShadowHonestyTests
{
    [Fact]
    public void A_scan_in_dwords_reaches_hardware_exactly_for_what_can_change()
    {
        var places = new SortedDictionary<string, (int Count, string First)>(StringComparer.Ordinal);
        foreach ((string? name, byte[]? bytes, IReadOnlyList<Pci.BaseAddress>? baseAddresses) in Functions())
        {
            var image = new OracleImage(bytes);
            string?[] proofs = VolatileRegisters.Proofs(image);
            var hardware = new PlainMemoryFunction(bytes, baseAddresses, default);
            using var guest = new OneGuest(hardware, Policies.Default);
            hardware.RecordsReads = true;
            for (int at = 0; at < bytes.Length; at += 4)
            {
                hardware.ReadOffsets.Clear();
                guest.Read(at, 4);
                bool isTouched = hardware.ReadOffsets.Any(offset => (offset & ~3) == at);
                if (isTouched == (proofs[at / 4] is null) || (at >= 0x100 && image.IsExtendedListBroken))
                {
                    continue;
                }

                string finding = isTouched ? $"read from hardware though static ({proofs[at / 4]})" : "answered from memory though it can change";
                    string what = $"{VolatileRegisters.Place(image, at)}: {finding}";
                (int count, string? first) = places.GetValueOrDefault(what, (0, $"{name} {at:x}"));
                places[what] = (count + 1, first);
            }
        }

        Assert.True(places.Count == 0, string.Join('\n', places.Select(place => $"{place.Key}: {place.Value.Count} times, first {place.Value.First}")));
    }

    [Fact]
    public void A_value_that_changes_in_hardware_is_seen_at_the_next_read()
    {
        var findings = new Findings();
        foreach ((string? name, byte[]? bytes, IReadOnlyList<Pci.BaseAddress>? baseAddresses) in Functions())
        {
            var image = new OracleImage(bytes);
            string?[] proofs = VolatileRegisters.Proofs(image);
            var hardware = new PlainMemoryFunction(bytes, baseAddresses, default);
            using var guest = new OneGuest(hardware, Policies.Default);
            for (int at = 0; at < bytes.Length; at += 4)
            {
                if (proofs[at / 4] is not null)
                {
                    continue;
                }

                guest.Read(at, 4);
                uint changed = BitConverter.ToUInt32(hardware.Bytes.Slice(at, 4)) ^ Changing(image, at);
                hardware.Poke(at, 4, changed);
                uint seen = guest.Read(at, 4).Value;
                findings.Check(
                    ((seen ^ changed) & Changing(image, at)) == 0,
                    () => $"{name} {VolatileRegisters.Place(image, at)}: {at:x} reads {seen:x8}, hardware has {changed:x8}");
                hardware.Poke(at, 4, BitConverter.ToUInt32(bytes, at));
            }
        }

        findings.AssertNone();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void After_any_writes_the_guest_reads_what_hardware_holds_but_for_the_virtual_registers(string policy)
    {
        var findings = new Findings();
        foreach ((string? name, byte[]? bytes, IReadOnlyList<Pci.BaseAddress>? baseAddresses) in Functions())
        {
            var random = new Random(6);
            var image = new OracleImage(bytes);
            var hardware = new PlainMemoryFunction(bytes, baseAddresses, default);
            using var guest = new OneGuest(hardware, Policies.Named(policy) with
            {
                Rules = [.. Enumerable.Range(0, bytes.Length / 4).Where(dword => dword % 3 == 0)
                    .Select(dword => new PolicyRule { Offset = 4 * dword, Size = 4, Mask = 0x0FF0_F00F })],
            });
            for (int i = 0; i < 500; i++)
            {
                int size = 1 << random.Next(3);
                guest.Write(random.Next(bytes.Length) & -size, size, (uint)random.NextInt64());
            }

            for (int at = 0; at < bytes.Length; at++)
            {
                if (IsVirtual(image, at))
                {
                    continue;
                }

                uint seen = guest.Read(at, 1).Value;
                findings.Check(
                    ((seen ^ hardware.Bytes[at]) & ~AnsweredBits(image, at)) == 0,
                    () => $"{name}, {policy}, {VolatileRegisters.Place(image, at & ~3)}: {at:x} reads {seen:x2}, hardware has {hardware.Bytes[at]:x2}");
            }
        }

        findings.AssertNone();
    }

    [Fact]
    public void A_refresh_shows_what_changed_where_memory_answers()
    {
        // A function that was reset or re-plugged may come back with other constants.
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Policies.Default);
        (int At, uint Value)[] replaced =
            [(0x08, 0x02000002), (0x2C, 0x00010001), (EveryCapability.Express + 4, 0x10008FE1), (EveryCapability.SerialNumber + 4, 1)];
        foreach ((int at, uint value) in replaced)
        {
            hardware.Poke(at, 4, value);
            guest.Function.Refresh();
            Assert.Equal(value, guest.Read(at, 4).Value);
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void The_interrupt_line_is_the_hosts_number_whatever_the_register_holds(string policy)
    {
        byte[] bytes = EveryCapability.Bytes();
        using var hardware = new Pci.Emulated.EmulatedFunction(default, "every capability", bytes) { InterruptLine = 0x2A };
        using var guest = new OneGuest(hardware, Policies.Named(policy));

        Assert.Equal(0x2Au, guest.Read(0x3C, 1).Value);
        Assert.Equal(Stages.Wire.PciOpStatus.Success, guest.Write(0x3C, 1, 0x07));
        Assert.Equal(0x012Au, guest.Read(0x3C, 2).Value);
        Assert.Equal(bytes[0x3C], hardware.Snapshot()[0x3C]);
    }

    [Theory]
    [InlineData("default", EveryCapability.DeviceSpecific, 1)]
    [InlineData("strict", EveryCapability.DeviceSpecific, 1)]
    [InlineData("permissive", EveryCapability.DeviceSpecific, 0)]
    [InlineData("permissive", EveryCapability.Msi + 4, 1)]
    [InlineData("permissive", EveryCapability.SrIov + 8, 1)]
    [InlineData("strict", EveryCapability.Msi + 4, 1)]
    public void A_write_of_which_something_was_dropped_counts_as_denied(string policy, int offset, int denied)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Policies.Named(policy));

        guest.Write(offset, 4, ~BitConverter.ToUInt32(hardware.Bytes.Slice(offset, 4)));

        Assert.Equal(denied, guest.Counters.Read().DeniedWrites);
    }

    private static bool IsVirtual(OracleImage image, int at)
    {
        if (at < 6 || at is 0x3C || (at >= 0x10 && at < 0x10 + (4 * image.BarCount)) || (at >= image.RomRegister && at < image.RomRegister + 4))
        {
            return true;
        }

        int power = image.Capability(0x01);
        return power >= 0 && (at == power + 3 || at == power + 5);
    }

    // The power state and No_Soft_Reset are answered: DefaultPolicyOracle says why.
    private static uint AnsweredBits(OracleImage image, int at) => image.Capability(0x01) is >= 0 and var power && at == power + 4 ? 0x0Bu : 0;

    /// <summary>
    /// Bits that hardware changes and the guest is shown: ids and pointers stay, Command, PME_En, power state and No_Soft_Reset have their own memory.
    /// </summary>
    private static uint Changing(OracleImage image, int at)
    {
        if (at == 0x04)
        {
            return 0xFFEF0000;
        }

        if (at == 0x0C)
        {
            return 0xFF00FFFF;
        }

        if (at == 0x3C)
        {
            return 0xFFFF0000;
        }

        foreach ((int id, int offset) in image.Standard)
        {
            if (offset == at)
            {
                return id == 0x09 ? 0xFF000000 : 0xFFFF0000;
            }

            // Root Capabilities beside Root Control are read-only (PCI Express Base 4.0 §7.5.3.13).
            if (id == 0x10 && offset + 0x1C == at)
            {
                return 0x0000FFFF;
            }

            if (id == 0x01 && offset + 4 == at)
            {
                return 0xFFFFFEF4;
            }
        }

        return 0xFFFFFFFF;
    }

    private static IEnumerable<(string Name, byte[] Bytes, IReadOnlyList<Pci.BaseAddress> BaseAddresses)> Functions()
    {
        yield return ("every capability", EveryCapability.Bytes(), EveryCapability.BaseAddresses);
        foreach ((string? name, byte[]? bytes, Pci.IPciFunction? function) in CapturedImages.Usable())
        {
            yield return (name, bytes, function.BaseAddresses);
        }
    }
}
