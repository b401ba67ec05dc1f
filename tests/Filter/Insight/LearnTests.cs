using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Filter.Tests.Insight;

public sealed class LearnTests
{
    private const int DeviceControl = 0xE8; // the shipped e1000e's PCIe capability is at E0

    [Fact]
    public void Several_denied_writes_to_one_register_become_one_rule_with_all_their_bits()
    {
        var learned = Learn.From(Open, AccessPolicy.Default, [new(DeviceControl, 2, 0x4), new(DeviceControl, 2, 0x8)]);

        PolicyRule rule = Assert.Single(learned.Added);
        Assert.Contains("Device Control", rule.Register, StringComparison.Ordinal);
        Assert.True(rule.Allow);
        Assert.Empty(learned.Refused);
    }

    [Fact]
    public void What_was_learned_allows_what_was_denied_and_nothing_else_in_the_register()
    {
        var learned = Learn.From(Open, AccessPolicy.Default, [new(DeviceControl, 2, 0x2)]);
        AccessPolicy policy = PolicyFile.Parse(
            System.Text.Encoding.UTF8.GetBytes(PolicyFileWriter.Write(learned.Policy)), "learned").ApplyTo(AccessPolicy.Default);

        IReadOnlyList<ExplainedAccess> explained = Explain.Run(Open(), policy, [new(DeviceControl, 2, 0x2), new(DeviceControl, 2, 0xFFFF)]);

        Assert.Equal(0u, explained[0].DeniedBits);
        Assert.NotEqual(0u, explained[1].DeniedBits);
        Assert.Equal(0u, explained[1].DeniedBits & learned.Added[0].Mask);
    }

    [Fact]
    public void What_the_policy_allows_already_needs_no_rule()
    {
        var learned = Learn.From(Open, AccessPolicy.Default, [new(0x0C, 1, 0x10), new(0x04, 2, 0x0006), new(0x00, 4, null)]);

        Assert.Empty(learned.Added);
    }

    [Fact]
    public void Bits_that_no_policy_opens_are_reported_and_get_no_rule()
    {
        // MSI message address of the shipped e1000e, whose MSI capability is at D0 (XSA-128).
        var learned = Learn.From(Open, AccessPolicy.Default, [new(0xD4, 4, 0xFEE00000)]);

        Assert.Empty(learned.Added);
        Assert.Single(learned.Refused);
    }

    private static IPciFunction Open() =>
        BuiltinCaptures.TryLoad("e1000e", out Capture? capture) ? CapturedFunction.All(capture)[0] : throw new InvalidOperationException("e1000e is shipped");
}
