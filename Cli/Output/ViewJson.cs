using System.Text;
using System.Text.Json;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Output;

/// <summary><c>guest-view --json</c>: an array of <c>{address, description, size, bytes, failed_offsets, assumed}</c>; bytes as hexadecimal text.</summary>
internal static class ViewJson
{
    public static void Write(
        TextWriter output, IReadOnlyList<(SourceFunction Function, int Size, GuestView View, IReadOnlyList<RegionAssumption> Assumed)> views) =>
        output.WriteLine(JsonText.Indented(json =>
        {
            json.WriteStartArray();
            foreach ((SourceFunction? function, int size, GuestView? view, IReadOnlyList<RegionAssumption>? assumed) in views)
            {
                json.WriteStartObject();
                json.WriteString("address", function.Address.ToString());
                json.WriteString("description", function.Description);
                json.WriteNumber("size", size);
                json.WriteString("bytes", Convert.ToHexStringLower(view.Bytes.Span));
                json.WriteStartArray("failed_offsets");
                foreach (int offset in view.FailedOffsets)
                {
                    json.WriteNumberValue(offset);
                }

                json.WriteEndArray();
                AssumedJson.Write(json, assumed);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }));
}
