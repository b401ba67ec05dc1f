using System.Buffers.Binary;
using PciBackFlow.Hardware.Firmware;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Firmware;

/// <summary>Firmware's tables of reserved memory, well formed and not.</summary>
public sealed class RemappingTablesTests
{
    private static readonly PciAddress Endpoint = PciAddress.Parse("0000:03:00.0");
    private static readonly PciAddress Port = PciAddress.Parse("0000:00:1c.4");

    [Theory] // scope type, bus, path; whether 03:00.0 below 00:1c.4 is meant
    [InlineData(1, 3, new byte[] { 0, 0 }, true)]
    [InlineData(1, 0, new byte[] { 0x1C, 4, 0, 0 }, true)]
    [InlineData(2, 0, new byte[] { 0x1C, 4 }, true)]
    [InlineData(1, 0, new byte[] { 0x1C, 4 }, false)]
    [InlineData(1, 3, new byte[] { 0, 1 }, false)]
    [InlineData(3, 3, new byte[] { 0, 0 }, false)]
    [InlineData(1, 4, new byte[] { 0, 0 }, false)]
    public void A_scope_means_what_its_way_leads_to(byte type, byte bus, byte[] path, bool isMeant)
    {
        ReservedRegion region = Assert.Single(RemappingTables.OfIntel(Dmar([type, (byte)(6 + path.Length), 0, 0, 0, bus, .. path])));

        Assert.Equal((0xDB00_0000ul, 0xDBFF_FFFFul), (region.First, region.Last));
        Assert.Equal(isMeant, region.Scopes.Count > 0 && region.Concerns(Endpoint, [Port]));
    }

    [Theory] // type, first id, last id
    [InlineData(0x20, 0, 0, true)]
    [InlineData(0x21, 0x300, 0, true)]
    [InlineData(0x21, 0x301, 0, false)]
    [InlineData(0x22, 0x2F0, 0x310, true)]
    [InlineData(0x22, 0x308, 0x310, false)]
    public void A_block_of_amds_is_for_all_for_one_or_for_a_range(byte type, ushort first, ushort last, bool isMeant)
    {
        byte[] table = new byte[48 + 32];
        (table[48], table[50]) = (type, 32);
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(52), first);
        BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(54), last);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(64), 0x1000);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(72), 0x2000);

        ReservedRegion region = Assert.Single(RemappingTables.OfAmd(table));

        Assert.Equal((0x1000ul, 0x2FFFul), (region.First, region.Last));
        Assert.Equal(isMeant, region.Concerns(Endpoint, [Port]));
    }

    [Fact]
    public void Whatever_firmware_wrote_the_reading_ends()
    {
        Random random = new(1);
        byte[] table = new byte[256];
        for (int i = 0; i < 20_000; i++)
        {
            random.NextBytes(table);
            byte[] cut = table[..random.Next(table.Length)];
            Assert.InRange(RemappingTables.OfIntel(cut).Count(), 0, table.Length);
            Assert.InRange(RemappingTables.OfAmd(cut).Take(table.Length + 1).Count(), 0, table.Length);
        }
    }

    [Fact]
    public void Xens_name_for_the_table_is_known_and_its_flags_tell_of_interrupts()
    {
        string sys = Directory.CreateTempSubdirectory("tables").FullName;
        try
        {
            Assert.Equal(new(null, null, [], null), RemappingTables.Read(sys) with { Regions = [] });
            Directory.CreateDirectory(Path.Combine(sys, "firmware/acpi/tables"));
            byte[] table = Dmar([1, 8, 0, 0, 0, 3, 0, 0]);
            table[37] = 1;
            File.WriteAllBytes(Path.Combine(sys, "firmware/acpi/tables/XMAR"), table);

            var read = RemappingTables.Read(sys);

            Assert.True(read.RemapsInterrupts);
            Assert.Single(read.Regions);
        }
        finally
        {
            Directory.Delete(sys, recursive: true);
        }
    }

    private static byte[] Dmar(byte[] scope)
    {
        byte[] table = [.. new byte[48 + 24], .. scope];
        table[48] = 1;
        table[50] = (byte)(24 + scope.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(56), 0xDB00_0000);
        BinaryPrimitives.WriteUInt64LittleEndian(table.AsSpan(64), 0xDBFF_FFFF);
        return table;
    }
}
