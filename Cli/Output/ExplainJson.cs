using System.Text.Json;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Policy;

namespace PciBackFlow.Cli.Output;

/// <summary><c>explain --json</c>: one object for each access, in order; numbers are JSON numbers; a suggestion is a policy rule or null.</summary>
internal static class ExplainJson
{
    public static void Write(TextWriter output, IReadOnlyList<ExplainedAccess> accesses) =>
        output.WriteLine(JsonText.Indented(json =>
        {
            json.WriteStartArray();
            foreach (ExplainedAccess access in accesses)
            {
                Write(json, access);
            }

            json.WriteEndArray();
        }));

    private static void Write(Utf8JsonWriter json, ExplainedAccess access)
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
            PolicyFileWriter.WriteRule(json, access.Suggestion);
        }

        json.WriteEndObject();
    }
}
