using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>A hidden capability is taken out of the chain by its predecessor's pointer; the rest of the chain stays as it was.</summary>
/// <remarks>Origin: Linux drivers/vfio/pci/vfio_pci_config.c (vfio_cap_init, vfio_ecap_init), QEMU hw/xen/xen_pt_config_init.c.</remarks>
public sealed class HiddenCapabilityTests
{
    private static readonly int[] StandardIds = [0x01, 0x03, 0x05, 0x11, 0x10, 0x13, 0x09];
    private static readonly int[] ExtendedIds = [0x01, 0x10, 0x0F, 0x13, 0x1B, 0x0D, 0x1D, 0x15, 0x18, 0x0B, 0x03, 0x777];

    [Theory]
    [InlineData("CAP_PM")]
    [InlineData("CAP_VPD")]
    [InlineData("CAP_VNDR")]
    [InlineData("CAP_MSI", "CAP_MSIX")]
    [InlineData("CAP_PM", "CAP_VPD", "CAP_MSI")]
    [InlineData("CAP_AF", "CAP_VNDR")]
    [InlineData("CAP_PM", "CAP_VPD", "CAP_MSI", "CAP_MSIX", "CAP_EXP", "CAP_AF", "CAP_VNDR")]
    public void A_walk_of_the_standard_list_finds_all_but_the_hidden_ones(params string[] hidden)
    {
        var ids = new Dictionary<string, int>
        {
            ["CAP_PM"] = 1,
            ["CAP_VPD"] = 3,
            ["CAP_MSI"] = 5,
            ["CAP_VNDR"] = 9,
            ["CAP_EXP"] = 0x10,
            ["CAP_MSIX"] = 0x11,
            ["CAP_AF"] = 0x13,
        };
        PlainMemoryFunction hardware = EveryCapability.Function();
        byte[] before = hardware.Bytes.ToArray();
        using var guest = new OneGuest(hardware, Policies.Default with { HiddenCapabilities = hidden });
        int[] expected = StandardIds.Except(hidden.Select(name => ids[name])).ToArray();

        Assert.Equal(expected, Walk(guest, 1));
        Assert.Equal(expected, Walk(guest, 2));
        Assert.Equal(expected, Walk(guest, 4));
        Assert.Equal(before, hardware.Bytes.ToArray());
    }

    [Theory]
    [InlineData("ECAP_AER", 0x01)]
    [InlineData("ECAP_LTR", 0x18)]
    [InlineData("ECAP_SRIOV", 0x10)]
    [InlineData("ECAP_0777", 0x777)]
    public void A_walk_of_the_extended_list_finds_all_but_the_hidden_one_and_always_starts_at_0x100(string hidden, int id)
    {
        PlainMemoryFunction hardware = EveryCapability.Function();
        using var guest = new OneGuest(hardware, Policies.Default with { HiddenCapabilities = [hidden] });

        Assert.Equal(ExtendedIds.Where(other => other != id), WalkExtended(guest));
        if (id == 0x01)
        {
            // What replaces the first is an empty header that still points on (vfio does the same).
            uint header = guest.Read(0x100, 4).Value;
            Assert.Equal(EveryCapability.SrIov, (int)(header >> 20));
            Assert.NotEqual(0x0001u, header & 0xFFFF);
        }
    }

    [Fact]
    public void Hiding_any_one_id_of_any_capture_leaves_all_others_in_their_order()
    {
        var findings = new Findings();
        foreach ((string? name, byte[]? bytes, Pci.IPciFunction? function) in CapturedImages.Usable())
        {
            var image = new OracleImage(bytes);
            foreach (int id in image.Standard.Select(capability => capability.Id).Distinct())
            {
                Compare(name, image, bytes, function, $"CAP_{id:X2}", image.Standard, id, guest => Walk(guest, 4));
            }

            if (image.IsExtendedListBroken)
            {
                continue;
            }

            foreach (int id in image.Extended.Select(capability => capability.Id).Distinct())
            {
                Compare(name, image, bytes, function, $"ECAP_{id:X4}", image.Extended, id, WalkExtended);
            }
        }

        findings.AssertNone();

        void Compare(
            string name,
        OracleImage image,
        byte[] bytes,
        Pci.IPciFunction function,
        string hidden,
        List<(int Id, int Offset)> list,
        int id,
        Func<OneGuest, int[]> walk)
        {
            using var guest = new OneGuest(
                new PlainMemoryFunction(bytes, function.BaseAddresses, default), Policies.Default with { HiddenCapabilities = [hidden] });
            IEnumerable<int> expected = list.Select(capability => capability.Id).Where(other => other != id);
            int[] found = walk(guest);
            findings.Check(
                found.SequenceEqual(expected),
                () => $"{name} ({image.Size} bytes) without {hidden}: {string.Join(' ', found.Select(other => other.ToString("x")))}");
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    [InlineData("qemu-xen")]
    public void Hiding_a_capability_opens_none_of_its_registers(string policy)
    {
        // Out of the chain is not out of the space: a guest that knows the offset still reaches it.
        byte[] bytes = EveryCapability.Bytes();
        WriteRule[] rules = WriteRules.Of(new OracleImage(bytes));
        PlainMemoryFunction hardware = EveryCapability.Function();
        hardware.WriteLog = [];
        using var guest = new OneGuest(hardware, Policies.Named(policy) with
        {
            HiddenCapabilities =
                ["CAP_PM", "CAP_VPD", "CAP_MSI", "CAP_MSIX", "ECAP_SRIOV", "ECAP_ATS", "ECAP_PRI", "ECAP_PASID", "ECAP_ACS", "ECAP_DPC", "ECAP_REBAR"],
        });
        hardware.WriteLog.Clear();
        byte[] before = hardware.Bytes.ToArray();
        foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
        {
            for (int offset = 0x40; offset < 0x220; offset += size)
            {
                guest.Write(offset, size, 0xA5A5A5A5);
            }
        }

        var findings = new Findings();
        for (int at = 0x40; at < 0x220; at++)
        {
            findings.Check(
                rules[at] is not (WriteRule.HardDenied or WriteRule.Ignored) || hardware.Bytes[at] == before[at],
                () => $"{policy}: {at:x} became {hardware.Bytes[at]:x2} from {before[at]:x2} ({rules[at]})");
        }

        findings.Check(
            !hardware.WriteLog.Any(write => Covers(write, EveryCapability.Vpd + 3, 0x80)),
            () => $"{policy}: the write flag of the hidden VPD reached hardware");
        findings.Check(
            !hardware.WriteLog.Any(write => Covers(write, EveryCapability.Power + 5, 0x01)),
            () => $"{policy}: PME_En of the hidden PM reached hardware");
        findings.Check(
            policy == "permissive" || !hardware.WriteLog.Any(
                write => Covers(write, EveryCapability.Msi + 2, 0x01) || Covers(write, EveryCapability.Msix + 3, 0x80)),
            () => $"{policy}: an enable bit of a hidden MSI reached hardware");
        findings.AssertNone();

        static bool Covers((int Offset, int Size, uint Value) write, int at, uint bits) =>
            at >= write.Offset && at < write.Offset + write.Size && ((write.Value >> (8 * (at - write.Offset))) & bits) != 0;
    }

    [Fact]
    public void An_edited_pointer_reads_the_same_in_every_size()
    {
        using var guest = new OneGuest(
            EveryCapability.Function(), Policies.Default with { HiddenCapabilities = ["CAP_PM", "CAP_MSI", "ECAP_AER", "ECAP_LTR"] });
        for (int at = 0; at < 0x300; at += 4)
        {
            uint dword = guest.Read(at, 4).Value;
            Assert.Equal(dword, guest.Read(at, 2).Value | (guest.Read(at + 2, 2).Value << 16));
            Assert.Equal(
                dword,
                guest.Read(at, 1).Value | (guest.Read(at + 1, 1).Value << 8) | (guest.Read(at + 2, 1).Value << 16) | (guest.Read(at + 3, 1).Value << 24));
        }
    }

    [Theory]
    [InlineData(0x02)]
    [InlineData(0x04)]
    [InlineData(0x07)]
    [InlineData(0x0C)]
    [InlineData(0x0D)]
    [InlineData(0x0E)]
    public void The_qemu_xen_policy_unlinks_what_QEMU_hides(byte id)
    {
        // AGP, slot id, PCI-X, SHPC, subsystem ids and AGP3 (QEMU hw/xen/xen_pt_config_init.c).
        byte[] bytes = new SpaceBytes().Standard(0x40, 0x01).Put(0x42, 2, 0xFFC3).Standard(0x50, id).Standard(0x60, 0x05)
            .Put(0x62, 2, 0x0080).Standard(0x80, 0x10).Put(0x82, 2, 0x0002).Bytes;
        var hardware = new PlainMemoryFunction(bytes, new Pci.BaseAddress[7], default);
        using var guest = new OneGuest(hardware, AccessPolicy.QemuXen);

        Assert.Equal([0x01, 0x05, 0x10], Walk(guest, 1));
    }

    private static int[] Walk(OneGuest guest, int size)
    {
        var found = new List<int>();
        if ((Byte(0x06) & 0x10) == 0)
        {
            return [];
        }

        for (int at = Byte(0x34) & 0xFC; at != 0 && found.Count < 48; at = Byte(at + 1) & 0xFC)
        {
            found.Add(Byte(at));
        }

        return [.. found];

        int Byte(int offset) => (int)(guest.Read(offset & -size, size).Value >> (8 * (offset & (size - 1)))) & 0xFF;
    }

    internal static int[] WalkExtended(OneGuest guest)
    {
        var found = new List<int>();
        for (int at = 0x100; at != 0 && found.Count < 480;)
        {
            uint header = guest.Read(at, 4).Value;
            int id = (int)(header & 0xFFFF);

            // An id of zero with a pointer is the null capability (PCI Express Base 4.0 §7.9.1): skipped.
            if (id != 0 && id != 0xFFFF)
            {
                found.Add(id);
            }

            at = (int)(header >> 20) & 0xFFC;
        }

        return [.. found];
    }
}
