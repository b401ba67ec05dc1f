using System.Text.Json;
using System.Text.Json.Serialization;
using PciBackFlow.Cli.Devices;

namespace PciBackFlow.Cli.Output;

/// <summary>What verbs print with <c>--json</c>, apart from the load harness's own reports. Generated code only: it compiles ahead of time.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<DeviceRow>))]
internal sealed partial class CliJson : JsonSerializerContext
{
    public static void Write(TextWriter output, IReadOnlyList<DeviceRow> rows) =>
        output.WriteLine(JsonSerializer.Serialize(rows, Default.IReadOnlyListDeviceRow));
}
