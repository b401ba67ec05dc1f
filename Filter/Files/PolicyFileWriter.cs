using System.Globalization;
using System.Text;
using System.Text.Json;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Filter.Files;

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

            if (!policy.HideUnusable.Value)
            {
                json.WriteBoolean("hide_unusable", false);
            }

            // Said even where it is the default: without, permissive lets tuning through.
            if (policy.AnswerTuning.Origin.Source != SettingSource.BuiltIn)
            {
                json.WriteBoolean("answer_tuning", policy.AnswerTuning.Value);
            }

            if (policy.Rom.Value != RomControl.Host)
            {
                json.WriteString("rom", AccessPolicy.NameOf(policy.Rom.Value));
            }

            if (policy.OnError.Value != ErrorRemedy.Detach)
            {
                json.WriteString("on_error", AccessPolicy.NameOf(policy.OnError.Value));
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

    /// <summary>Writes one rule as an object. Its mask is hexadecimal, as people read registers: <c>"0x7110"</c>.</summary>
    /// <param name="json">Receives it.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="asNumber">Whether the mask is written as a JSON number, for programs; a file takes both.</param>
    public static void WriteRule(Utf8JsonWriter json, PolicyRule rule, bool asNumber = false)
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

        if (asNumber)
        {
            json.WriteNumber("mask", rule.Mask);
        }
        else
        {
            json.WriteString("mask", Hexadecimal(rule));
        }

        json.WriteBoolean("allow", rule.Allow);
        if (rule.Reason.Length > 0)
        {
            json.WriteString("reason", rule.Reason);
        }

        json.WriteEndObject();
    }

    // As many digits as the rule has bytes; of a register's own size as many as the mask needs, in whole bytes or words.
    private static string Hexadecimal(PolicyRule rule)
    {
        int bytes = rule.Size != 0 ? rule.Size : rule.Mask <= ushort.MaxValue ? 2 : 4;
        return $"0x{rule.Mask.ToString($"x{2 * bytes}", CultureInfo.InvariantCulture)}";
    }
}
