using System.Text;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>A policy file. What is accepted is written so that it is read as the same.</summary>
internal sealed class PolicyTarget : FuzzTarget
{
    private static readonly string[] Samples =
    [
        """{"profile":"strict","allow_interrupt_control":true,"allow_function_reset":false,"hide":["CAP_VPD","ECAP_LTR"],"rules":[]}""",
        """{"register":"PCIe Device Control","offset":0,"mask":28704,"allow":true}""",
        """[{"offset":"0x40","size":2,"mask":"0xfff0","reason":"why"},]// comment""",
        """{"rules":[{"offset":4095,"size":1,"allow":false}]}""",
        """{"$schema":"x","profile":"none"}""", """{"rules":{}}""", "[1", "null",
    ];

    internal override string Name => "policy";

    internal override IEnumerable<byte[]> Seeds() => Samples.Select(Encoding.UTF8.GetBytes);

    internal override string Run(ReadOnlySpan<byte> input)
    {
        PolicyStatement statement;
        try
        {
            statement = PolicyFile.Parse(input.ToArray(), "fuzzed");
        }
        catch (PolicyFileException refused)
        {
            Require(refused.Reason.Length > 0, "a refusal without a reason");
            return "refused";
        }

        string written = PolicyFileWriter.Write(statement.ApplyTo(AccessPolicy.Default));
        string again = PolicyFileWriter.Write(PolicyFile.Parse(Encoding.UTF8.GetBytes(written), "written").ApplyTo(AccessPolicy.Default));
        Require(again == written, $"what was written is read as something else:{Environment.NewLine}{written}{again}");
        return "accepted";
    }
}
