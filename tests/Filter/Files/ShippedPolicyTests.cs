using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests.Files;

/// <summary>Every policy that ships, on a function with the layout of its devices.</summary>
public sealed class ShippedPolicyTests
{
    public static TheoryData<string> Names => [.. ShippedPolicies.Names];

    // The drivers' own writes, from their sources; the last column is another bit of the register, which stays shut.
    [Theory]
    [InlineData("igb", 0x88, 2, 0x0005u, 0x0400u)]
    [InlineData("iwlwifi", 0x41, 1, 0x0000u, 0u)]
    [InlineData("r8169", 0x70F, 1, 0x0027u, 0x0040u)]
    [InlineData("snd-hda-intel", 0x44, 1, 0x0000u, 0x0008u)]
    [InlineData("uhci-hcd", 0xC0, 2, 0x8F00u, 0x0010u)]
    [InlineData("uhci-hcd", 0xC0, 2, 0x2000u, 0x0010u)]
    public void What_the_driver_writes_reaches_the_device_and_nothing_beside_it(string name, int offset, int size, uint value, uint other)
    {
        AccessPolicy policy = ShippedPolicies.Load(name).ApplyTo(AccessPolicy.Default);

        IReadOnlyList<ExplainedAccess> usual = Explain.Run(Device(), AccessPolicy.Default, [new(offset, size, value)]);
        IReadOnlyList<ExplainedAccess> opened = Explain.Run(Device(), policy, [new(offset, size, value), new(offset, size, value ^ other)]);

        Assert.NotEqual(0u, usual[0].DeniedBits);
        Assert.Equal(0u, opened[0].DeniedBits);
        Assert.Equal(other, opened[1].DeniedBits);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void None_opens_anything_dangerous(string name)
    {
        var trial = PolicyTrial.Of(Device(), ShippedPolicies.Load(name).ApplyTo(AccessPolicy.Default));

        Assert.NotEmpty(trial.Opened);
        Assert.Empty(trial.Hazards);
        Assert.Empty(trial.Problems);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_rule_names_the_drivers_source_as_its_reason(string name)
    {
        PolicyStatement policy = ShippedPolicies.Load(name);

        Assert.All(policy.Rules, rule => Assert.Matches("Linux (drivers|sound)/[a-z0-9_/-]+[.]c", rule.Reason));
        Assert.NotEmpty(policy.Rules);
    }

    [Fact]
    public void A_name_is_one_that_ships_and_a_path_is_a_file()
    {
        using TemporaryFolder folder = new();
        folder.Write("igb", """{ "profile": "strict" }""");

        Assert.Null(ShippedPolicies.Load("igb", folder["."]).Profile is { Value: PolicyProfile.Strict } strict ? strict.Origin.Detail : null);
        Assert.Equal(PolicyProfile.Strict, ShippedPolicies.Load("./igb", folder["."]).Profile!.Value.Value);
        Assert.Throws<PolicyFileException>(() => ShippedPolicies.Load("ixgbe", folder["."]));
    }

    // Power management at 0xC8 (so that 0x40 to 0x7f is nobody's), PCI Express at 0x60, a whole space with one extended capability.
    private static EmulatedFunction Device() => new EmulatedFunctionBuilder(0x8086, 0x10C9, 4096)
        .Set(0x06, 2, 0x0010).Set(0x34, 1, 0x60)
        .Set(0x60, 2, 0x0010).Set(0x62, 2, 0x0002)
        .Set(0x40, 4, 0xFF00FF00).Set(0x44, 1, 0x07).Set(0xC0, 2, 0x0000).Set(0x70C, 4, 0x13000000)
        .Build();
}
