using System.Text;
using System.Text.Json;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Compile;
using PciBackFlow.Stages.Filter.Map;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Backend.Policy;

/// <summary>Writes policies and rules in the form that <see cref="PolicyFile"/> reads.</summary>
public static class PolicyFileWriter
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Writes a whole policy file.</summary>
    /// <param name="policy">The policy; quirk fields become rules.</param>
    /// <returns>JSON with a newline at its end.</returns>
    public static string Write(AccessPolicy policy)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteString("profile", AccessPolicy.NameOf(policy.Profile.Value));
            if (policy.AllowInterruptControl.Value)
            {
                json.WriteBoolean("allow_interrupt_control", true);
            }

            if (policy.AllowFunctionReset.Value)
            {
                json.WriteBoolean("allow_function_reset", true);
            }

            if (policy.AllowPowerStates.Value)
            {
                json.WriteBoolean("allow_power_states", true);
            }

            if (policy.HiddenCapabilities.Count > 0)
            {
                json.WriteStartArray("hide");
                foreach (string name in policy.HiddenCapabilities)
                {
                    json.WriteStringValue(name);
                }

                json.WriteEndArray();
            }

            json.WriteStartArray("rules");
            foreach (QuirkField quirk in policy.Quirks)
            {
                WriteRule(json, new PolicyRule { Offset = quirk.Offset, Size = quirk.Size, Mask = quirk.Mask, Reason = "quirk" });
            }

            foreach (PolicyRule rule in policy.Rules)
            {
                WriteRule(json, rule);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    /// <summary>Writes one rule as an object.</summary>
    /// <param name="json">Receives it.</param>
    /// <param name="rule">The rule.</param>
    public static void WriteRule(Utf8JsonWriter json, PolicyRule rule)
    {
        json.WriteStartObject();
        if (rule.Register is not null)
        {
            json.WriteString("register", rule.Register);
        }

        json.WriteNumber("offset", rule.Offset);
        if (rule.Size != 0)
        {
            json.WriteNumber("size", rule.Size);
        }

        json.WriteNumber("mask", rule.Mask);
        json.WriteBoolean("allow", rule.Allow);
        if (rule.Reason.Length > 0)
        {
            json.WriteString("reason", rule.Reason);
        }

        json.WriteEndObject();
    }
}
