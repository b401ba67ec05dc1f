using System.Text;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests.Insight;

public sealed class PolicyTrialTests
{
    // Each row: what a file may say, and what is said of it.
    [Theory]
    [InlineData("""{"register":"PCIe Device Control","mask":"0x00e0"}""", "Max Payload Size")]
    [InlineData("""{"register":"PCIe Device Control","mask":"0x0200"}""", "Phantom Functions")]
    [InlineData("""{"register":"CAP_EXP","offset":8,"size":2,"mask":"0x000f"}""", "error reporting")]
    [InlineData("""{"offset":"0xa8","size":2,"mask":"0x0020"}""", "Max Payload Size")]
    [InlineData("""{"register":"PCIe Link Control","mask":"0x0010"}""", "disabling of the link")]
    [InlineData("""{"register":"AER Uncorrectable Error Severity"}""", "fatal")]
    [InlineData("""{"profile":"permissive"}""", "XSA-124")]
    [InlineData("""{"profile":"permissive"}""", "Max Payload Size")]
    [InlineData("""{"allow_interrupt_control":true}""", "stub domain")]
    [InlineData("""{"allow_power_states":true}""", "Unsupported Request")]
    public void What_is_dangerous_is_said_in_words(string policy, string words)
    {
        // The one has the link's registers, the other error reporting.
        List<PolicyHazard> hazards = [.. PolicyTrial.Of(Builtin("xhci"), Parse(policy)).Hazards, .. PolicyTrial.Of(Builtin("e1000e"), Parse(policy)).Hazards];

        Assert.Contains(hazards, hazard => hazard.Words.Contains(words, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{}""", 0)]
    [InlineData("""{"profile":"strict"}""", 0)]
    [InlineData("""{"register":"PCIe Device Control","mask":"0x7000"}""", 1)]
    [InlineData("""{"register":"PCIe Device Control","mask":"0x0010"}""", 1)]
    [InlineData("""{"register":"PCIe Device Control 2","mask":"0x000f"}""", 1)]
    [InlineData("""{"rom":"off","hide":["CAP_PM"]}""", 0)]
    public void What_stays_between_the_device_and_its_guest_is_not(string policy, int opened)
    {
        var trial = PolicyTrial.Of(Builtin("xhci"), Parse(policy));

        Assert.Empty(trial.Hazards);
        Assert.Equal(opened, trial.Opened.Count);
    }

    [Fact]
    public void Bits_are_told_in_the_register_s_own_lanes()
    {
        PolicyOpening opening = Assert.Single(PolicyTrial.Of(Builtin("xhci"), Parse("""{"register":"PCIe Device Control","mask":"0x7000"}""")).Opened);

        Assert.Equal(("PCIe Device Control", 0xA8, 0x7000u), (opening.Register, opening.Offset, opening.Bits));
    }

    [Theory]
    [InlineData("0x00bf", true)]
    [InlineData("0xaf00", false)]
    public void A_guest_that_may_raise_SMIs_is_dangerous(string mask, bool isDangerous)
    {
        IPciFunction controller = new EmulatedFunctionBuilder(0x8086, 0x27C8).Set(0x09, 1, 0).Set(0x0A, 1, 3).Set(0x0B, 1, 0x0C).Build();

        Assert.Equal(isDangerous, PolicyTrial.Of(controller, Parse($$"""{"offset":"0xc0","size":2,"mask":"{{mask}}"}""")).Hazards.Count > 0);
    }

    [Fact]
    public void A_rule_that_changes_nothing_is_a_problem_and_no_opening()
    {
        var trial = PolicyTrial.Of(Builtin("xhci"), Parse("""{"register":"Vendor ID"}"""));

        Assert.Empty(trial.Opened);
        Assert.NotEmpty(trial.Problems);
    }

    private static AccessPolicy Parse(string json) => PolicyFile.Parse(Encoding.UTF8.GetBytes(json), "test").ApplyTo(AccessPolicy.Default);

    private static CapturedFunction Builtin(string name) =>
        BuiltinCaptures.TryLoad(name, out Capture? capture) ? CapturedFunction.All(capture)[0] : throw new InvalidOperationException($"{name} ships");
}
