using System.Globalization;
using System.Text.Json;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Cli.Output;

/// <summary>A trace for programs: a JSON object on each line; numbers are JSON numbers.</summary>
internal static class TraceJson
{
    /// <summary>A line.</summary>
    /// <param name="item">The request, or that requests are missing: <c>{"missing":N}</c>.</param>
    /// <param name="epoch">When the host's monotonic clock was 0, in nanoseconds since 1970 (UTC).</param>
    public static string Line(TraceEvent item, long epoch) => JsonText.OneLine(json =>
    {
        json.WriteStartObject();
        if (item.IsGap)
        {
            json.WriteNumber("missing", item.Missing);
        }
        else
        {
            Write(json, item, epoch);
        }

        json.WriteEndObject();
    });

    /// <summary>Why an answer is not the request's own.</summary>
    public static string CauseOf(byte cause) => (FailureCause)cause switch
    {
        FailureCause.None => "none",
        FailureCause.Deadline => "deadline",
        FailureCause.Queue => "queue",
        _ => "lost",
    };

    private static void Write(Utf8JsonWriter json, TraceEvent item, long epoch)
    {
        TraceRecord record = item.Record;
        json.WriteString("time", TraceText.TimeOf(record, epoch).ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture));
        json.WriteNumber("shard", record.Shard);
        json.WriteNumber("sequence", record.Sequence);
        json.WriteNumber("domain", record.Domain);
        json.WriteString("device", item.Host?.ToString());
        json.WriteString(
            "guest",
            string.Create(CultureInfo.InvariantCulture, $"{record.GuestSegment:x4}:{record.GuestBus:x2}:{record.GuestDevfn >> 3:x2}.{record.GuestDevfn & 7}"));
        json.WriteString("operation", TraceOperations.NameOf(record.Operation));
        json.WriteNumber("code", record.Operation);
        json.WriteNumber("offset", record.Offset);
        json.WriteNumber("size", record.Size);
        json.WriteNumber("value", record.Value);
        json.WriteNumber("info", record.Info);
        json.WriteStartArray("registers");
        foreach (string name in item.Registers.Select(static register => register.Name).Distinct())
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteStartArray("rules");
        foreach (string text in item.Registers.Select(static register => register.Text).Distinct())
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
        json.WriteString("status", StatusNames.Of((PciOpStatus)record.Status));
        json.WriteNumber("answer", record.AnswerValue);
        json.WriteNumber("denied_bits", record.DeniedBits);
        json.WriteBoolean("denied", record.IsDenied);
        json.WriteStartArray("suggestions");
        foreach (PolicyRule rule in item.Suggest())
        {
            PolicyFileWriter.WriteRule(json, rule, asNumber: true);
        }

        json.WriteEndArray();
        json.WriteNumber("hardware_reads", record.Reads);
        json.WriteNumber("hardware_writes", record.Writes);
        json.WriteStartArray("hardware");
        for (int i = 0; i < record.AccessCount; i++)
        {
            var access = TraceAccess.Unpack(record.Accesses[i]);
            json.WriteStartObject();
            json.WriteString("access", access.IsWrite ? HardwareAccess.Write : HardwareAccess.Read);
            json.WriteNumber("offset", access.Offset);
            json.WriteNumber("size", access.Size);
            json.WriteNumber("value", access.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("effect", record.Effect == 0 ? null : EffectOf(record.Effect));
        json.WriteNumber("total_ns", record.Total);
        json.WriteNumber("before_ns", record.Before);
        json.WriteNumber("execute_ns", record.Execute);
        json.WriteBoolean("offloaded", record.Is(TraceRecord.Offloaded));
        json.WriteBoolean("slow", record.Is(TraceRecord.Slow));
        json.WriteBoolean("late", record.Is(TraceRecord.Late));
        json.WriteString("cause", record.Cause == 0 ? null : CauseOf(record.Cause));
    }

    private static string EffectOf(byte effect) => (PlanAction)effect switch
    {
        PlanAction.Command => "command",
        PlanAction.RestoreBaseAddress => "restore-base-address",
        PlanAction.SelfTest => "self-test",
        PlanAction.PowerControl => "power-control",
        PlanAction.VpdAddress => "vpd-address",
        PlanAction.MsiControl => "msi-control",
        PlanAction.MsixControl => "msix-control",
        PlanAction.FunctionLevelReset => "function-level-reset",
        _ => "other",
    };
}
