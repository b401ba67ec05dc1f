using PciBackFlow.Filter.Policy;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>BIST: a guest may start the self test, or write what is there already, and nothing else.</summary>
/// <remarks>Origin: Linux drivers/xen/xen-pciback/conf_space_header.c (bist_write); PCI Local Bus 3.0 §6.2.4.</remarks>
public sealed class SelfTestTests
{
    private const int Bist = 0x0F;
    private const int Start = 0x40;

    [Theory]
    [InlineData("default")]
    [InlineData("permissive")]
    [InlineData("strict")]
    public void Every_value_over_every_present_value_follows_the_rule(string policy)
    {
        var findings = new Findings();
        for (int present = 0; present < 256; present++)
        {
            var hardware = new PlainMemoryFunction(new SpaceBytes().Put(Bist, 1, (uint)present).Bytes, new Pci.BaseAddress[7], default);
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            for (int written = 0; written < 256; written++)
            {
                hardware.Poke(Bist, 1, (uint)present);
                PciOpStatus status = guest.Write(Bist, 1, (uint)written);
                int expected = ((written ^ present) & ~Start) == 0 || written == Start ? written : present;
                findings.Check(
                    status == PciOpStatus.Success && hardware.Bytes[Bist] == expected,
                    () => $"{policy}: {written:x2} over {present:x2}: {status}, {hardware.Bytes[Bist]:x2}, not {expected:x2}");
            }
        }

        findings.AssertNone();
    }

    [Fact]
    public void A_dword_over_cache_line_size_latency_header_type_and_BIST_obeys_each_ones_rule()
    {
        var hardware = new PlainMemoryFunction(new SpaceBytes().Put(0x0C, 4, 0x80_80_40_08).Bytes, new Pci.BaseAddress[7], default);
        using var guest = new OneGuest(hardware, AccessPolicy.Default);

        Assert.Equal(PciOpStatus.Success, guest.Write(0x0C, 4, 0xC0_00_FF_20));

        Assert.Equal([0x20, 0x40, 0x80, 0xC0], hardware.Bytes.Slice(0x0C, 4).ToArray());
    }

    [Fact]
    public void A_guests_two_byte_write_at_0x0C_succeeds_as_Windows_expects_at_boot()
    {
        // Origin: nutanix/libvfio-user issue 570.
        foreach (string policy in Policies.Names)
        {
            var hardware = new PlainMemoryFunction(new SpaceBytes().Bytes, new Pci.BaseAddress[7], default);
            using var guest = new OneGuest(hardware, Policies.Named(policy));
            Assert.Equal(PciOpStatus.Success, guest.Write(0x0C, 2, 0x0010));
        }
    }
}
