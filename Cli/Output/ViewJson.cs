using System.Text;
using System.Text.Json;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Cli.Sources;

namespace PciBackFlow.Cli.Output;

/// <summary><c>guest-view --json</c>: an array of <c>{address, description, size, bytes, failed_offsets}</c>; bytes as hexadecimal text.</summary>
internal static class ViewJson
{
    public static void Write(TextWriter output, IReadOnlyList<(SourceFunction Function, int Size, GuestView View)> views) =>
        output.WriteLine(JsonText.Indented(json =>
        {
            json.WriteStartArray();
            foreach ((SourceFunction? function, int size, GuestView? view) in views)
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
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }));
}
