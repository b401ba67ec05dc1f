using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Tables;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

/// <summary>V3, V4 of xen tools/tests/vpci: a table with a mistake in it does not get far.</summary>
public sealed class RegisterTableTests
{
    private const int At = 0x40;

    public static TheoryData<int, bool> Capabilities()
    {
        var all = new TheoryData<int, bool>();
        for (int id = 0; id <= 0x16; id++)
        {
            all.Add(id, false);
        }

        for (int id = 0; id <= 0x35; id++)
        {
            all.Add(id, true);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Capabilities))]
    public void A_capabilitys_rows_are_in_range_apart_and_unambiguous(int id, bool isExtended)
    {
        // Every capability bit set gives the longest form of each table; all clear the shortest.
        foreach (byte fill in new byte[] { 0x00, 0xFF, 0x12 })
        {
            byte[] bytes = new byte[4096];
            bytes.AsSpan(0x100).Fill(fill);
            bytes.AsSpan(At, 0xC0).Fill(fill);
            bytes[0x0E] = 0;
            var image = new ReadOnceConfigSpace(new EmulatedFunction(default, "table", bytes));
            int at = isExtended ? 0x100 : At;
            var capability = new PciCapability((ushort)id, at, 2, isExtended);
            foreach (MapSettings settings in new[] { MapSettings.None, MapSettings.Permissive, MapSettings.InterruptControl })
            {
                var context = new CapabilityTables.CapabilityContext(image, settings, settings == MapSettings.Permissive, false, true);
                RegisterDefinition[] rows = CapabilityTables.Rows(capability, CapabilityHeaders.NameOf(capability), in context);
                Check(rows);
                Assert.Equal(0, rows[0].Offset);
                Assert.Equal(isExtended ? 4 : 2, rows[0].Size);
                foreach (RegisterDefinition row in rows)
                {
                    Check(row, QemuXenTable.Adjust(row, at + row.Offset, image));
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_header_is_covered_byte_for_byte(byte type)
    {
        EmulatedFunction function = new EmulatedFunctionBuilder(0x1234, 0x5678).Set(0x0E, 1, type).Build();
        BaseAddressAnswer[] answers = BaseAddressAnswer.ForAll(function.BaseAddresses, isVirtualFunction: false);
        RegisterDefinition[] rows =
        [
            .. CommonHeaderTable.Rows(function, MapSettings.None, hidesSiblings: type == 0),
            .. type == 0 ? Type0HeaderTable.Rows(answers) : Type1HeaderTable.Rows(answers),
        ];
        Assert.Equal(0x40, Check(rows));
    }

    private static int Check(RegisterDefinition[] rows)
    {
        var owned = new HashSet<int>();
        foreach (RegisterDefinition row in rows)
        {
            Assert.True(row.Name.Length > 0 && row.Source.Length > 0);
            Assert.True(row.Offset >= 0 && row.Size > 0);
            if (row.Size <= 4)
            {
                Assert.True((row.Offset & 3) + row.Size <= 4, $"{row.Name} crosses a dword");
            }

            for (int b = row.Offset; b < row.Offset + row.Size; b++)
            {
                Assert.True(owned.Add(b), $"{row.Name} overlaps");
            }

            Check(row, row);
        }

        return owned.Count;
    }

    private static void Check(RegisterDefinition original, RegisterDefinition row)
    {
        uint bits = row.Size >= 4 ? uint.MaxValue : uint.MaxValue >> (32 - (8 * row.Size));
        Assert.Equal(0u, row.Virtual & row.Shadow & bits);
        Assert.Equal(0u, row.Writable & row.Shadow & bits);
        Assert.Equal(0u, row.Writable & row.Denied & bits);
        Assert.Equal(0u, row.Rw1c & row.Shadow & bits);
        Assert.True(row.Value is null || (row.Value & ~row.Virtual & bits) == 0, $"{original.Name} gives a value to bits that are not virtual");
        if (row.EffectMask != 0)
        {
            Assert.True(row.Size is 1 or 2 or 4 && row.Offset % row.Size == 0, $"{original.Name} acts but is no access");
        }

        if (row.Rule is WriteRule.ByPolicy or WriteRule.ReadOnly or WriteRule.HardDenied)
        {
            Assert.Equal(0u, row.Writable);
        }
    }
}
