using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

/// <summary>
/// What a list does not lead to, because it is broken before, may be a capability that no policy opens. A guest that knows where it is needs no list.
/// </summary>
public sealed class BrokenListTests
{
    private const int First = 0x40;
    private const int Hidden = 0x80; // an MSI capability: a guest that writes its address sends interrupts of its choice (XSA-128)
    private const int Elsewhere = 0xC0;

    public static TheoryData<string, int> Pointers => new()
    {
        { "to itself", First },
        { "round in a circle", 0x50 },
        { "into the header", 0x04 },
        { "below 0x40, into its last dword", 0x3C },
        { "to a header of all ones", 0xF0 },
        { "misaligned, to what is none", 0x63 },
    };

    [Theory]
    [MemberData(nameof(Pointers))]
    public void What_lies_behind_the_defect_of_the_standard_list_no_policy_opens(string what, int next)
    {
        foreach (PolicyProfile profile in Enum.GetValues<PolicyProfile>())
        {
            AccessPolicy policy = AccessPolicy.For(profile) with
            {
                Rules = [new PolicyRule { Offset = Hidden, Size = 4 }, new PolicyRule { Offset = Hidden + 4, Size = 4 }],
                Quirks = [new QuirkField(Hidden + 8, 4, 0xFFFFFFFF, SettingOrigin.BuiltIn)],
            };
            var guest = new FilteredGuest(Broken(next), policy);

            Assert.NotEmpty(guest.Compiled.Problems);
            foreach (int size in (ReadOnlySpan<int>)[1, 2, 4])
            {
                for (int at = Hidden; at < Hidden + 0x18; at += size)
                {
                    AccessStatus status = guest.Write(at, size, 0xFFFFFFFF);
                    AccessStatus expected = profile == PolicyProfile.Strict ? AccessStatus.AccessDenied : AccessStatus.Success;
                    Assert.True(status == expected, $"{what}, {profile}: {at:x} {status}");
                }
            }

            Assert.True(guest.Writes().Count == 0, $"{what}, {profile}: {string.Join(", ", guest.Writes())}");
        }
    }

    [Theory]
    [MemberData(nameof(Pointers))]
    public void What_the_list_leads_to_before_it_works_as_ever(string what, int next)
    {
        EmulatedFunction card = Broken(next);
        var guest = new FilteredGuest(card, AccessPolicy.Default with { AllowPowerStates = new(true, SettingOrigin.BuiltIn) });

        guest.Write(First + 4, 2, 3);

        Assert.True(card.PowerState == 3, what);
    }

    [Fact]
    public void A_sound_list_leaves_the_rest_to_the_policy()
    {
        var guest = new FilteredGuest(Broken(next: 0), AccessPolicy.Permissive);

        guest.Write(Elsewhere, 4, 0x12345678);

        Assert.Empty(guest.Compiled.Problems);
        Assert.Equal(0x12345678u, guest.Raw(Elsewhere, 4));
    }

    [Theory]
    [InlineData(0x1001_0001u)] // to itself
    [InlineData(0x0401_0001u)] // below 0x100
    [InlineData(0x1421_0001u)] // misaligned
    [InlineData(0x2001_0001u)] // to a header of all ones
    public void What_lies_behind_the_defect_of_the_extended_list_no_policy_opens(uint header)
    {
        EmulatedFunction card = new EmulatedFunctionBuilder(0x1234, 0x5678, 4096)
            .Capability(First, CapabilityId.PciExpress, new byte[0x3A])
            .Set(First + 2, 2, 2)
            .Set(0x100, 4, header)
            .Set(0x200, 4, 0xFFFFFFFF)
            .Set(0x800, 4, 0x0001_000F) // ATS
            .Build();
        var guest = new FilteredGuest(card, AccessPolicy.Permissive);

        for (int at = 0x800; at < 0x810; at += 4)
        {
            guest.Write(at, 4, 0xFFFFFFFF);
        }

        Assert.Empty(guest.Writes());

        // The other list is sound, and so is the rest of its space.
        guest.Write(Elsewhere, 4, 0x12345678);
        Assert.Equal(0x12345678u, guest.Raw(Elsewhere, 4));
    }

    // PM at 0x40, which points on to PM's twin at 0x50 that points back, or to nothing that is one; MSI at 0x80, which nothing leads to.
    private static EmulatedFunction Broken(int next) => new EmulatedFunctionBuilder(0x1234, 0x5678)
        .Capability(First, CapabilityId.PowerManagement, [0x03, 0, 0, 0, 0, 0])
        .Set(First + 1, 1, (uint)next)
        .Set(0x50, 4, 0x0000_0000u | (First << 8) | 0x09)
        .Set(0x60, 4, 0x0000_0009)
        .Set(Hidden, 4, 0x0180_0005)
        .Set(0xF0, 4, 0xFFFFFFFF)
        .Build();
}
