using System.Text.Json;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Output;

/// <summary>
/// <c>explain --json</c>: one object for each access, in order; numbers are JSON numbers; a suggestion is a policy rule or null; <c>known</c> is there, and
/// false, where nothing is known, <c>assumed</c> where the answer rests on it.
/// </summary>
internal static class ExplainJson
{
    /// <param name="output">Where to.</param>
    /// <param name="accesses">The accesses.</param>
    /// <param name="assumed">What is assumed of the function's regions.</param>
    public static void Write(TextWriter output, IReadOnlyList<ExplainedAccess> accesses, IReadOnlyList<RegionAssumption> assumed) =>
        output.WriteLine(JsonText.Indented(json =>
        {
            json.WriteStartArray();
            foreach (ExplainedAccess access in accesses)
            {
                Write(json, access, [.. assumed.Where(one => access.Rows.Any(row => row.Register == one.Register))]);
            }

            json.WriteEndArray();
        }));

    private static void Write(Utf8JsonWriter json, ExplainedAccess access, IReadOnlyList<RegionAssumption> assumed)
    {
        json.WriteStartObject();
        json.WriteString("access", access.Access);
        json.WriteNumber("offset", access.Offset);
        json.WriteNumber("size", access.Size);
        json.WriteNumber("value", access.Value);
        json.WriteString("status", access.Status);
        json.WriteStartArray("rows");
        foreach (ExplainedRow row in access.Rows)
        {
            json.WriteStartObject();
            json.WriteString("register", row.Register);
            json.WriteNumber("offset", row.Offset);
            json.WriteNumber("size", row.Size);
            json.WriteString("rule", row.Rule);
            json.WriteString("source", row.Source);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("hardware");
        foreach (HardwareAccess step in access.Hardware)
        {
            json.WriteStartObject();
            json.WriteString("access", step.Access);
            json.WriteNumber("offset", step.Offset);
            json.WriteNumber("size", step.Size);
            json.WriteNumber("value", step.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("denied_bits", access.DeniedBits);
        if (access.Suggestion is null)
        {
            json.WriteNull("suggestion");
        }
        else
        {
            json.WritePropertyName("suggestion");
            PolicyFileWriter.WriteRule(json, access.Suggestion, asNumber: true);
        }

        // Behind what was captured nothing is known, and nothing of the above is said.
        if (!access.IsKnown)
        {
            json.WriteBoolean("known", false);
        }

        if (assumed.Count > 0)
        {
            AssumedJson.Write(json, assumed);
        }

        json.WriteEndObject();
    }
}
