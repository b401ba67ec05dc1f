using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using PciBackFlow.Backend.Control.Api;

namespace PciBackFlow.Backend.Control.Client;

/// <summary>
/// Reads what a daemon answers, which may be of another version than its client: during an upgrade it is. A key that this version does not know is passed
/// over, and what is missing is empty or 0. Requests stay strict: a daemon does nothing that it has only understood in part.
/// </summary>
internal static class ControlAnswers
{
    /// <summary>The control API's types, to be read so.</summary>
    public static ControlJson Types { get; } = new(new JsonSerializerOptions(ControlJson.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectRequiredConstructorParameters = false,
    });

    /// <summary>Reads an answer.</summary>
    /// <param name="answer">Its bytes.</param>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <returns>What it says; null when it says that.</returns>
    /// <exception cref="JsonException">It is no JSON, or says something in another form.</exception>
    public static T? Read<T>(byte[] answer, JsonTypeInfo<T> type)
    {
        var node = JsonNode.Parse(answer);
        try
        {
            Complete(node, type);
        }
        catch (ArgumentException e)
        {
            // The document could be told to refuse that itself, but what does so brings OpenSSL with it, which not every host has.
            throw new JsonException("a key is there twice", e);
        }

        return node is null ? default : node.Deserialize(type);
    }

    // Generated code gives a member that is missing the default of its type, which nobody who reads a report expects of a list, or of a part of it.
    private static void Complete(JsonNode? node, JsonTypeInfo type)
    {
        if (node is JsonArray items && type.ElementType is { } element)
        {
            JsonTypeInfo each = type.Options.GetTypeInfo(element);
            foreach (JsonNode? item in items)
            {
                Complete(item, each);
            }
        }
        else if (node is JsonObject members && type.Kind == JsonTypeInfoKind.Object)
        {
            foreach (JsonPropertyInfo property in type.Properties)
            {
                JsonTypeInfo inner = type.Options.GetTypeInfo(property.PropertyType);
                if (!members.ContainsKey(property.Name) && !property.IsGetNullable && Empty(inner) is { } empty)
                {
                    members.Add(property.Name, empty);
                }

                Complete(members[property.Name], inner);
            }
        }
    }

    private static JsonNode? Empty(JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Enumerable => new JsonArray(),
        JsonTypeInfoKind.Object when !type.Type.IsValueType => new JsonObject(),
        _ => type.Type == typeof(string) ? string.Empty : null,
    };
}
