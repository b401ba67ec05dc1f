using System.Globalization;
using System.Text;
using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Filter.Files;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Stages.Tracing;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Cli.Output;

/// <summary>A trace as people read it: a line for each request.</summary>
internal static class TraceText
{
    /// <summary>A line.</summary>
    /// <param name="item">The request, or that requests are missing.</param>
    /// <param name="epoch">When the host's monotonic clock was 0, in nanoseconds since 1970 (UTC).</param>
    public static string Line(TraceEvent item, long epoch)
    {
        if (item.IsGap)
        {
            return string.Create(CultureInfo.InvariantCulture, $"-- {item.Missing} requests are missing here: too many came at once");
        }

        TraceRecord record = item.Record;
        StringBuilder line = new();
        line.Append(CultureInfo.InvariantCulture, $"{TimeOf(record, epoch):HH:mm:ss.ffffff} d{record.Domain} {Device(item)} ");
        line.Append(TraceOperations.NameOf(record.Operation));
        if (IsAccess(record))
        {
            line.Append(' ').Append(Access(record));
            if (item.Registers.Count > 0)
            {
                line.Append(CultureInfo.InvariantCulture, $" ({string.Join(", ", item.Registers.Select(static register => register.Name).Distinct())})");
            }
        }
        else
        {
            line.Append(CultureInfo.InvariantCulture, $" {record.Operation} value {record.Value:x} info {record.Info:x}");
        }

        line.Append(CultureInfo.InvariantCulture, $" -> {StatusNames.Of((PciOpStatus)record.Status)}");
        if (record.Operation == (uint)PciOpCode.ConfigRead && record.Status == 0)
        {
            line.Append(CultureInfo.InvariantCulture, $" {Hex(record.AnswerValue, record.Size)}");
        }

        AppendDenied(line, item);
        AppendWay(line, record);
        return line.ToString();
    }

    /// <summary>A request in setpci's words: <c>88.w=0400</c>.</summary>
    public static string Access(in TraceRecord record) => string.Create(
        CultureInfo.InvariantCulture,
        $"{record.Offset:x2}.{WidthOf(record.Size)}{(record.Operation == (uint)PciOpCode.ConfigWrite ? "=" + Hex(record.Value, record.Size) : string.Empty)}");

    /// <summary>When a request was seen, in this machine's zone.</summary>
    public static DateTime TimeOf(in TraceRecord record, long epoch)
    {
        // What a hostile file says stays inside what a time can be.
        long ticks = Math.Clamp(
            unchecked(record.Time + epoch) / TimeSpan.NanosecondsPerTick, 0, DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks - TimeSpan.TicksPerDay);
        return DateTime.UnixEpoch.AddTicks(ticks).ToLocalTime();
    }

    /// <summary>Digits of a value, as many as its size has.</summary>
    public static string Hex(uint value, int size) =>
        value.ToString(size is 1 ? "x2" : size is 2 ? "x4" : "x8", CultureInfo.InvariantCulture);

    private static bool IsAccess(in TraceRecord record) => record.Operation <= (uint)PciOpCode.ConfigWrite;

    private static string WidthOf(int size) => size switch
    {
        1 => "b",
        2 => "w",
        4 => "l",
        _ => size.ToString(CultureInfo.InvariantCulture),
    };

    // Where nobody knows the host's function, the address as the guest named it.
    private static string Device(TraceEvent item) => item.Host is { } host
        ? host.ToString()
        : string.Create(
            CultureInfo.InvariantCulture,
            $"guest's {item.Record.GuestSegment:x4}:{item.Record.GuestBus:x2}:{item.Record.GuestDevfn >> 3:x2}.{item.Record.GuestDevfn & 7}");

    private static void AppendDenied(StringBuilder line, TraceEvent item)
    {
        if (!item.Record.IsDenied)
        {
            return;
        }

        line.Append(item.Record.DeniedBits == 0 ? "; refused" : $"; denied 0x{Hex(item.Record.DeniedBits, item.Record.Size)}");
        IReadOnlyList<PolicyRule> rules = item.Suggest();
        if (rules.Count > 0)
        {
            string texts = string.Join(", ", rules.Select(static rule => JsonText.OneLine(json => PolicyFileWriter.WriteRule(json, rule))));
            line.Append(CultureInfo.InvariantCulture, $", allowed by {texts}");
        }
        else if (item.Record.DeniedBits != 0 && item.Registers.Count > 0)
        {
            line.Append(" in every policy");
        }
    }

    private static void AppendWay(StringBuilder line, in TraceRecord record)
    {
        line.Append(CultureInfo.InvariantCulture, $"; {record.Total / 1000.0:0.0} µs");
        if (record.Reads + record.Writes > 0)
        {
            line.Append(CultureInfo.InvariantCulture, $", hardware {record.Execute / 1000.0:0.0} µs:");
            for (int i = 0; i < record.AccessCount; i++)
            {
                var access = TraceAccess.Unpack(record.Accesses[i]);
                line.Append(
                    CultureInfo.InvariantCulture,
                    $" {(access.IsWrite ? "write" : "read")} {access.Offset:x2}.{WidthOf(access.Size)}={Hex(access.Value, access.Size)}");
            }

            if (record.Reads + record.Writes > record.AccessCount)
            {
                line.Append(CultureInfo.InvariantCulture, $" and {record.Reads + record.Writes - record.AccessCount} more");
            }
        }

        (byte Flag, string Word)[] words = [(TraceRecord.Offloaded, "by a worker"), (TraceRecord.Slow, "slow"), (TraceRecord.Late, "too late, dropped")];
        foreach ((byte flag, string word) in words)
        {
            if (record.Is(flag))
            {
                line.Append(", ").Append(word);
            }
        }

        if (record.Cause != 0)
        {
            line.Append(", ").Append(TraceJson.CauseOf(record.Cause));
        }
    }
}
