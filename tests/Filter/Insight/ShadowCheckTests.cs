using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Filter.Tests.Insight;

public sealed class ShadowCheckTests
{
    public static TheoryData<string> Builtins => [.. BuiltinCaptures.Names];

    [Theory]
    [MemberData(nameof(Builtins))]
    public void The_shadow_of_a_function_that_stands_still_is_honest(string name)
    {
        Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
        foreach (CapturedFunction function in CapturedFunction.All(capture))
        {
            foreach (AccessPolicy policy in new[] { AccessPolicy.Default, AccessPolicy.Permissive, AccessPolicy.Strict, AccessPolicy.QemuXen })
            {
                ShadowCheck check = new(function, policy);
                Assert.Empty(check.Compare());

                // What a permissive guest may write is no longer static: little is left.
                Assert.InRange(check.Compared, policy == AccessPolicy.Permissive ? 1 : 4, function.Size / 4);
            }
        }
    }

    [Fact]
    public void A_register_called_static_that_changes_behind_our_back_is_found_by_name()
    {
        CapturedFunction function = E1000e();
        ShadowCheck check = new(function, AccessPolicy.Default);

        // Subsystem ID, and one byte of the three of the class code.
        function.SetHardware(0x2E, 2, 0xBEEF);
        function.SetHardware(0x0A, 1, 0x80);

        IReadOnlyList<ShadowDifference> found = check.Compare();
        Assert.Equal(["Class Code", "Subsystem ID"], found.Select(difference => difference.Register));
        Assert.Equal((0x2E, 2, 0xBEEFu), (found[1].Offset, found[1].Size, found[1].Hardware));
        Assert.Equal((0x09, 3), (found[0].Offset, found[0].Size));
        Assert.NotEqual(found[0].Shadow, found[0].Hardware);
    }

    [Fact]
    public void What_hardware_is_asked_for_anyway_may_change_as_it_likes()
    {
        CapturedFunction function = E1000e();
        ShadowCheck check = new(function, AccessPolicy.Default);

        // Status; and PCIe Device Status, of the capability at E0.
        function.SetHardware(0x06, 2, 0xF910);
        function.SetHardware(0xEA, 2, 0x000F);

        Assert.Empty(check.Compare());
    }

    private static CapturedFunction E1000e() =>
        BuiltinCaptures.TryLoad("e1000e", out Capture? capture) ? CapturedFunction.All(capture)[0] : throw new InvalidOperationException("e1000e is shipped");
}
