using System.Text.Json;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Output;

/// <summary><c>assumed</c>: what a capture does not say of regions, as an array of <c>{register, size}</c>.</summary>
internal static class AssumedJson
{
    /// <summary>What is assumed of a function; nothing of one of this host.</summary>
    public static IReadOnlyList<RegionAssumption> Of(IPciFunction function) => function is CapturedFunction captured ? captured.Assumptions : [];

    /// <summary>Writes the property.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<RegionAssumption> assumptions)
    {
        json.WriteStartArray("assumed");
        foreach (RegionAssumption assumption in assumptions)
        {
            json.WriteStartObject();
            json.WriteString("register", assumption.Register);
            json.WriteNumber("size", assumption.Length);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
