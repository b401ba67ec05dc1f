using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Samples;

/// <summary>The compiled permissions of a capture, register by register.</summary>
public static class MapSample
{
    public static void Run(TextWriter output)
    {
        BuiltinCaptures.TryLoad("virtio-rng", out Capture? capture);
        using CapturedFunction function = CapturedFunction.All(capture!)[0];

        ConfigSpaceMap map = FunctionPermissions.Compile(function, AccessPolicy.Default).Map;
        foreach (RegisterRow row in map.RowsAt(offset: 0, size: 0x10))
        {
            output.WriteLine($"{row.Offset:x2} {row.Size} {row.Name}: {row.Text}");
        }

        ConfigDword command = map[0x04 / 4];
        output.WriteLine($"Command and Status: virtual {command.Virtual:x8}, from the shadow {command.Shadow:x8}, writable {command.Writable:x8}");
    }
}
