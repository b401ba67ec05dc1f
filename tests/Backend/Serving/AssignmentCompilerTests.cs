using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>What is said when a function is given to a guest: a warning only of what a person can mend.</summary>
public sealed class AssignmentCompilerTests
{
    /// <summary>QEMU's 82574L has its serial number where AER's optional registers would be.</summary>
    [Fact]
    public void How_a_device_is_made_warns_nobody()
    {
        CapturedLines lines = Compile(PolicyStatement.Nothing);

        Assert.Empty(lines.Warnings);
        Assert.Contains(lines.Texts, static line => line.Contains("AER TLP Prefix Log at 0x138 overlaps another register", StringComparison.Ordinal));
    }

    [Fact]
    public void A_rule_that_opens_nothing_is_warned_of()
    {
        CapturedLines lines = Compile(new PolicyStatement { Rules = [new PolicyRule { Offset = 0x1000, Size = 1, Mask = 1 }] });

        Assert.Contains("outside the 4096 bytes", Assert.Single(lines.Warnings), StringComparison.Ordinal);
    }

    private static CapturedLines Compile(PolicyStatement general)
    {
        Assert.True(BuiltinCaptures.TryLoad("e1000e", out Capture? capture));
        using CapturedFunction function = new(capture.Name, capture.Functions[0]);
        CapturedLines lines = new();
        new AssignmentCompiler(new(new PolicySources { General = general }), new DistinctWarnings(lines)).Compile(7, function, options: null, isLone: true);
        return lines;
    }
}
