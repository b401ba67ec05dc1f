using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Filter.Files;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Control.Inspection;

/// <summary>
/// The daemon's live objects as a tree. Where they are what a restart saves, the documents are those that it reads: a guest's <c>left</c> and <c>recovery</c>,
/// the attributes, the journal's records, the header of virtual registers. The rest are the control API's own reports.
/// </summary>
internal static class LiveTree
{
    /// <summary>The tree.</summary>
    /// <param name="state">What it is made of.</param>
    /// <returns>Its root; nothing is looked at yet.</returns>
    public static LiveNode Of(LiveState state) => LiveNode.Of(
        ("daemon", () => Value(state.Daemon(), ControlJson.Default.DaemonReport)),
        ("shards", () => LiveNode.Of(
            [.. state.Shards().Select(static shard => (Number(shard.Shard), Later(() => Value(shard, ControlJson.Default.ShardReport))))])),
        ("engine", () => Value(state.Engine(), ControlJson.Default.EngineCounters)),
        ("guests", () => LiveNode.Of([.. state.Guests().Select(guest => (NameOf(guest.Id), Later(() => GuestOf(state, guest))))])),
        ("devices", () => LiveNode.Of([.. state.Custody.Held().Select(device => (device.Address.ToString(), Later(() => DeviceOf(state, device))))])),
        ("journal", () => RecordsOf(state, static _ => true)),
        ("messages", () => RecordsOf(state, static record => record.Kind == GrantKind.Messages)),
        ("policies", () => PoliciesOf(state)),
        ("errors", () => Value(state.Errors(), ControlJson.Default.ErrorsReport)),
        ("configuration", () => Value(state.Configuration, ControlJson.Default.IReadOnlyListSettingReport)));

    private static LiveNode GuestOf(LiveState state, GuestSnapshot guest) => LiveNode.Of(
        JsonSerializer.SerializeToNode(GuestReport.Of(guest, state.NameOf(guest.DomainId)), ControlJson.Default.GuestReport),
        ("left", () => LiveNode.Of(Left(state, guest.Id))),
        ("recovery", () => LiveNode.Of(Recovery(state, guest.Id))),
        ("functions", () => LiveNode.Of(
            [.. guest.Functions.Select(function => (function.Host.ToString(), Later(() => FunctionOf(state, guest, function))))])));

    private static LiveNode FunctionOf(LiveState state, GuestSnapshot guest, FunctionSnapshot function) => LiveNode.Of(
        JsonSerializer.SerializeToNode(FunctionReport.Of(function), ControlJson.Default.FunctionReport),
        ("policy_file", () => LiveNode.Of(JsonNode.Parse(Encoding.UTF8.GetBytes(PolicyFileWriter.Write(function.InForce))))),
        ("registers", () => LiveNode.Of(RegistersNode.Of(function.Registers, HeaderOf(state, guest, function)))));

    private static LiveNode DeviceOf(LiveState state, HeldDevice device) =>
        Value(state.Custody.Describe(device.Address), ControlJson.Default.DeviceReport);

    private static LiveNode PoliciesOf(LiveState state) => LiveNode.Of(
        ("attributes", () => state.Policies is { } policies
            ? Value([.. policies.Attributes.All()], InheritanceJson.Default.PcibackSettingArray) : LiveNode.Of((JsonNode?)null)),
        ("quirks", () => LiveNode.Of(JsonValue.Create(state.Policies?.Quirks.ToString()))),
        ("functions", () => LiveNode.Of([.. state.Guests().SelectMany(static guest => guest.Functions).Select(static function => (
            function.Host.ToString(),
            Later(() => Value(FunctionReport.Of(function).Policy, ControlJson.Default.IReadOnlyListSettingReport))))])));

    private static LiveNode RecordsOf(LiveState state, Func<JournalRecord, bool> isMeant) => LiveNode.Of(
        [.. (state.Journal?.Records() ?? []).Where(isMeant)
            .Select(static record => (Number(record.Id), Later(() => Value(record, JournalJson.Default.JournalRecord))))]);

    private static JsonNode? Left(LiveState state, GuestId guest)
    {
        try
        {
            return state.Inheritance?.Find(guest) is { } left ? JsonSerializer.SerializeToNode(left, InheritanceJson.Default.LeftGuest) : null;
        }
        catch (HypervisorException)
        {
            // It is just ending.
            return null;
        }
    }

    private static JsonNode? Recovery(LiveState state, GuestId guest) =>
        state.Inheritance?.Recoveries().FirstOrDefault(left => left.DomainId == guest.DomainId && left.DeviceId == guest.DeviceId) is { } recovery
            ? JsonSerializer.SerializeToNode(recovery, InheritanceJson.Default.LeftRecovery) : null;

    private static RegisterHeader? HeaderOf(LiveState state, GuestSnapshot guest, FunctionSnapshot function)
    {
        try
        {
            return state.Inheritance?.HeaderOf(guest.DomainId, function.Host, function.Guest, function.Registers.ConfigSize);
        }
        catch (HypervisorException)
        {
            return null;
        }
    }

    // As the files of guests are named, but for the 0 that all toolstacks use.
    private static string NameOf(GuestId guest) => guest.DeviceId == 0 ? Number(guest.DomainId) : $"{Number(guest.DomainId)}-{Number(guest.DeviceId)}";

    private static LiveNode Value<T>(T value, JsonTypeInfo<T> type) => LiveNode.Of(JsonSerializer.SerializeToNode(value, type));

    private static Func<LiveNode> Later(Func<LiveNode> open) => open;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
