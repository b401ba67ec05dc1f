using CsCheck;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Emulated;
using static PciBackFlow.Filter.Tests.SampleFunctions;

namespace PciBackFlow.Filter.Tests;

/// <summary>S13, and every capture at hand: whatever a function shows, its map is sound.</summary>
public sealed class MalformedDeviceTests
{
    private static readonly PolicyProfile[] Profiles = Enum.GetValues<PolicyProfile>();

    [Fact]
    public void A_capability_that_points_to_itself_ends_the_walk()
    {
        EmulatedFunction card = CardBuilder().Set(Pm + 1, 1, Pm).Build();
        var guest = new FilteredGuest(card);
        Assert.NotEmpty(guest.Compiled.Problems);
        Sound(guest.Compiled);
    }

    [Fact]
    public void What_a_second_capability_denies_stays_denied_where_they_overlap()
    {
        // An MSI capability inside the PCI Express one: its address lies over Device Control.
        EmulatedFunction card = new EmulatedFunctionBuilder(0x1234, 0x5678)
            .Capability(0x40, CapabilityId.PciExpress, new byte[0x3A])
            .Capability(0x44, CapabilityId.Msi, [0x80, 0x00])
            .Set(0x42, 2, 2)
            .Build();
        var guest = new FilteredGuest(card, AccessPolicy.Permissive);
        Sound(guest.Compiled);
        guest.Accesses();
        guest.Write(0x48, 4, 0xFFFFFFFF);
        Assert.Empty(guest.Writes());
        Assert.NotEmpty(guest.Compiled.Problems);
    }

    [Fact]
    public void Two_fields_that_act_in_one_dword_do_not_act()
    {
        // AF is 6 bytes long; MSI 4 behind it has its control in AF's control dword.
        EmulatedFunction card = new EmulatedFunctionBuilder(0x1234, 0x5678)
            .Capability(0x40, CapabilityId.AdvancedFeatures, [0x06, 0x03, 0x00, 0x00])
            .Capability(0x44, CapabilityId.Msi, [0x80, 0x00])
            .Build();
        var guest = new FilteredGuest(card, AccessPolicy.Permissive);
        Sound(guest.Compiled);
        Assert.Equal(0u, guest.Assigned.Map[0x44 / 4].EffectMask);
        guest.Write(0x44, 4, 0xFFFFFFFF);
        Assert.Equal(0, card.Resets);
        Assert.Empty(guest.Writes());
    }

    [Fact]
    public void A_vendors_made_up_length_swallows_no_other_register()
    {
        EmulatedFunction card = new EmulatedFunctionBuilder(0x1234, 0x5678)
            .Capability(0x40, CapabilityId.Vendor, [0xC0])
            .Capability(0x50, CapabilityId.Msi, [0x80, 0x01])
            .Build();
        var guest = new FilteredGuest(card, AccessPolicy.Permissive);
        Sound(guest.Compiled);
        Assert.Equal(PlanAction.MsiControl, guest.Assigned.Map[0x50 / 4].Effect);
        guest.Write(0x54, 4, 0xFFFFFFFF);
        Assert.Empty(guest.Writes());
    }

    [Fact]
    public void A_second_capability_of_a_kind_that_occurs_once_does_nothing()
    {
        EmulatedFunction card = new EmulatedFunctionBuilder(0x1234, 0x5678)
            .Capability(0x40, CapabilityId.PowerManagement, [0x03, 0, 0, 0, 0, 0])
            .Capability(0x50, CapabilityId.PowerManagement, [0x03, 0, 0, 0, 0, 0])
            .Build();
        var guest = new FilteredGuest(card);
        guest.Write(0x54, 2, 3);
        Assert.Equal(0, card.PowerState);
        Assert.Empty(guest.Writes());
    }

    [Fact]
    public void Random_spaces_compile_to_sound_maps()
    {
        Gen.Select(Gen.Byte.Array[256, 4096], Gen.Byte.Array[96], Gen.Int[0, 3]).Sample((bytes, links, profile) =>
        {
            // Random bytes alone never form a list: most ids known, most pointers aligned.
            bytes[0x0E] &= 0x81;
            bytes[0x06] |= 0x10;
            bytes[0x34] = (byte)(0x40 + (links[0] & 0xBC));
            for (int i = 0; i < 48; i++)
            {
                bytes[0x40 + (4 * i)] = (byte)(links[i] % 0x17);
                bytes[0x41 + (4 * i)] = (byte)(0x40 + (links[48 + i] & 0xBC));
            }

            var function = new EmulatedFunction(default, "random", bytes);
            Sound(ConfigSpaceMapCompiler.Compile(function, AccessPolicy.For(Profiles[profile]), readAll: true));
        }, iter: 150);
    }

    public static TheoryData<string> Captures()
    {
        var files = new TheoryData<string>();
        string? folder = Environment.GetEnvironmentVariable("PCIBACKFLOW_CAPTURES");
        if (folder is null || !Directory.Exists(folder))
        {
            files.Add(string.Empty);
            return files;
        }

        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            files.Add(file);
        }

        return files;
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_capture_compiles_and_differs_from_its_bytes_only_where_bits_are_virtual(string file)
    {
        if (file.Length == 0)
        {
            Assert.Skip("needs PCIBACKFLOW_CAPTURES");
        }

        Capture capture;
        try
        {
            capture = Capture.Load(file);
        }
        catch (CaptureFormatException)
        {
            Assert.Skip("not a dump");
            return;
        }

        foreach (EmulatedFunction function in CapturedFunction.All(capture))
        {
            if ((function.Snapshot()[0x0E] & 0x7F) > 1)
            {
                Assert.Throws<UnsupportedFunctionException>(() => ConfigSpaceMapCompiler.Compile(function, AccessPolicy.Default));
                continue;
            }

            foreach (PolicyProfile profile in Profiles)
            {
                Sound(ConfigSpaceMapCompiler.Compile(function, AccessPolicy.For(profile), readAll: true));
            }

            var guest = new FilteredGuest(function);
            for (int offset = 0; offset + 4 <= function.ReadableSize; offset += 4)
            {
                uint isVirtual = guest.Assigned.Map[offset / 4].Virtual;
                Assert.Equal(guest.Raw(offset, 4) & ~isVirtual, guest.Read(offset) & ~isVirtual);
            }
        }
    }

    private static void Sound(CompiledFunction compiled)
    {
        ConfigSpaceMap map = compiled.Map;
        for (int i = 0; i < map.Size / 4; i++)
        {
            ConfigDword dword = map[i];
            Assert.Equal(0u, dword.Virtual & dword.Shadow);
            Assert.Equal(0u, dword.Writable & dword.Shadow);
            Assert.Equal(0u, dword.Writable & dword.Denied);
            Assert.Equal(0u, dword.Virtual & dword.ByPolicy);
            if (dword.EffectMask != 0)
            {
                ByteLanes.Field(dword.EffectMask, out int lane, out int size);
                Assert.Equal(dword.EffectMask, dword.EffectMask & ByteLanes.Lanes(lane, size));
            }
        }

        int at = 0;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (RegisterRow row in map.Rows)
        {
            Assert.Equal(at, row.Offset);
            Assert.True(row.Size > 0 && row.Text.Length > 0 && row.Source.Length > 0);
            Assert.True(names.Add(row.Name), row.Name);
            at += row.Size;
        }

        Assert.Equal(map.Size, at);
    }
}
