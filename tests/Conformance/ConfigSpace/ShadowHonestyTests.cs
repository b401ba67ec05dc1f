using PciBackFlow.Stages.Filter;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>What memory answers is exactly what cannot change: a scan touches the volatile dwords in hardware and no others, and sees what changed there.</summary>
public sealed class ShadowHonestyTests
{
    [Fact]
    public void A_scan_in_dwords_reaches_hardware_exactly_for_what_can_change()
    {
        var places = new SortedDictionary<string, (int Count, string First)>(StringComparer.Ordinal);
        foreach (var (name, bytes, baseAddresses) in Functions())
        {
            var image = new OracleImage(bytes);
            var proofs = VolatileRegisters.Proofs(image);
            var hardware = new PlainMemoryFunction(bytes, baseAddresses, default);
            using var guest = new OneGuest(hardware, AccessPolicy.Default);
            hardware.RecordsReads = true;
            for (var at = 0; at < bytes.Length; at += 4)
            {
                hardware.ReadOffsets.Clear();
                guest.Read(at, 4);
                var isTouched = hardware.ReadOffsets.Any(offset => (offset & ~3) == at);
                if (isTouched == (proofs[at / 4] is null) || (at >= 0x100 && image.IsExtendedListBroken))
                    continue;
                var what = $"{VolatileRegisters.Place(image, at)}: {(isTouched ? $"read from hardware though static ({proofs[at / 4]})" : "answered from memory though it can change")}";
                var (count, first) = places.GetValueOrDefault(what, (0, $"{name} {at:x}"));
                places[what] = (count + 1, first);
            }
        }

        Assert.True(places.Count == 0, string.Join('\n', places.Select(place => $"{place.Key}: {place.Value.Count} times, first {place.Value.First}")));
    }

    [Fact]
    public void A_value_that_changes_in_hardware_is_seen_at_the_next_read()
    {
        var findings = new Findings();
        foreach (var (name, bytes, baseAddresses) in Functions())
        {
            var image = new OracleImage(bytes);
            var proofs = VolatileRegisters.Proofs(image);
            var hardware = new PlainMemoryFunction(bytes, baseAddresses, default);
            using var guest = new OneGuest(hardware, AccessPolicy.Default);
            for (var at = 0; at < bytes.Length; at += 4)
            {
                if (proofs[at / 4] is not null)
                    continue;
                guest.Read(at, 4);
                var changed = BitConverter.ToUInt32(hardware.Bytes.Slice(at, 4)) ^ Changing(image, at);
                hardware.Poke(at, 4, changed);
                var seen = guest.Read(at, 4).Value;
                findings.Check(((seen ^ changed) & Changing(image, at)) == 0, () => $"{name} {VolatileRegisters.Place(image, at)}: {at:x} reads {seen:x8}, hardware has {changed:x8}");
                hardware.Poke(at, 4, BitConverter.ToUInt32(bytes, at));
            }
        }

        findings.AssertNone();
    }

    /// <summary>Bits that hardware changes and the guest is shown: ids and pointers stay, Command and PME_En have their own memory.</summary>
    private static uint Changing(OracleImage image, int at)
    {
        if (at == 0x04)
            return 0xFFEF0000;
        if (at == 0x0C)
            return 0xFF00FFFF;
        if (at == 0x3C)
            return 0xFFFF0000;
        foreach (var (id, offset) in image.Standard)
        {
            if (offset == at)
                return id == 0x09 ? 0xFF000000 : 0xFFFF0000;

            // Root Capabilities beside Root Control are read-only (PCI Express Base 4.0 §7.5.3.13).
            if (id == 0x10 && offset + 0x1C == at)
                return 0x0000FFFF;
            if (id == 0x01 && offset + 4 == at)
                return 0xFFFFFEFF;
        }

        return 0xFFFFFFFF;
    }

    private static IEnumerable<(string Name, byte[] Bytes, IReadOnlyList<Hardware.Pci.BaseAddress> BaseAddresses)> Functions()
    {
        yield return ("every capability", EveryCapability.Bytes(), EveryCapability.BaseAddresses);
        foreach (var (name, bytes, function) in CapturedImages.Usable())
            yield return (name, bytes, function.BaseAddresses);
    }
}
