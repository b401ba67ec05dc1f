using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Samples;

/// <summary>What would a guest's write do?</summary>
public static class ExplainSample
{
    public static void Run(TextWriter output)
    {
        // A function of this host instead: SysfsFunction.Open(address). Of another machine, by what lspci -xxxx printed there: Capture.Load(path).
        BuiltinCaptures.TryLoad("e1000e", out Capture? capture);
        using CapturedFunction function = CapturedFunction.All(capture!)[0];

        // The Device Control register of PCI Express, with another payload size than the host's.
        ConfigAccess write = new(Offset: 0xE8, Size: 2, WriteValue: 0x0810);
        foreach (ExplainedAccess access in Explain.Run(function, AccessPolicy.Default, [write]))
        {
            output.WriteLine($"{access.Access} 0x{access.Offset:x}: {access.Status}, dropped bits 0x{access.DeniedBits:x4}");
            foreach (ExplainedRow row in access.Rows)
            {
                output.WriteLine($"  {row.Register}, by {row.Source}");
            }
        }
    }
}
