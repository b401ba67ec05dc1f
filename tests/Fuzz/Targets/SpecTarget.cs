using System.Text;
using PciBackFlow.Backend.Attaching;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>A device in xl's words. What is accepted is written so that it is read as the same; what is refused has a place and a reason.</summary>
internal sealed class SpecTarget : FuzzTarget
{
    private static readonly string[] Samples =
    [
        "03:00.0", "0000:03:00.0@1f", "0000:03:00.*@5,permissive=1", "name=nic,seize=1,rdm_policy=relaxed", "bdf=04:00.0,vslot=7,msitranslate=0,power_mgmt=1",
        "03:00.8", "name=", "path=pci0000:00/1c.0/00.0,vslot=5", "id=8086:10d3:8086:a01f/00-1b-21-ff-ff-12-34-56,seize=1", "class=010802",
        "03:00.0,", "1:2:3", "bdf=03:00.0,name=x",
    ];

    internal override string Name => "spec";

    internal override IEnumerable<byte[]> Seeds() => Samples.Select(Encoding.UTF8.GetBytes);

    internal override string Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        if (!PciSpec.TryParse(text, out PciSpec? spec, out int at, out string reason))
        {
            Require(at >= 0 && at <= text.Length, $"the wrong character is at {at} of {text.Length}");
            Require(reason.Length > 0, "a refusal without a reason");
            return "refused";
        }

        Require(at == -1 || reason.Length == 0, "an accepted text with a reason to refuse it");
        string written = spec.ToString();
        var again = PciSpec.Parse(written);
        Require(again == spec, $"'{written}' is not read as what it was written from");
        Require(again.ToString() == written, $"'{written}' is written as '{again}'");
        return "accepted";
    }
}
