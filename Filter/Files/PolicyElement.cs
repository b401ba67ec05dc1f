using System.Globalization;
using System.Text.Json;

namespace PciBackFlow.Filter.Files;

/// <summary>One value of a policy file with its place, so that every refusal can say where it is.</summary>
internal readonly struct PolicyElement(string file, string place, JsonElement value)
{
    public JsonElement Value => value;

    public string Place => place;

    public PolicyFileException Refuse(string reason) => new(file, place, reason);

    /// <summary>The members of an object; an unknown or repeated name is refused, because a misspelt key would silently allow less or more.</summary>
    public Dictionary<string, PolicyElement> Members(params ReadOnlySpan<string> known)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Refuse("an object is expected");
        }

        var members = new Dictionary<string, PolicyElement>(StringComparer.Ordinal);
        foreach (JsonProperty property in value.EnumerateObject())
        {
            var member = new PolicyElement(file, place.Length == 0 ? property.Name : $"{place}.{property.Name}", property.Value);
            if (!known.Contains(property.Name))
            {
                throw member.Refuse($"unknown key; known are {string.Join(", ", known.ToArray())}");
            }

            if (!members.TryAdd(property.Name, member))
            {
                throw member.Refuse("the key stands twice");
            }
        }

        return members;
    }

    public IEnumerable<PolicyElement> Items()
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Refuse("an array is expected");
        }

        return Enumerate(file, place, value);
    }

    public string Text() => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Refuse("a string is expected");

    public bool Flag() => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refuse("true or false is expected"),
    };

    /// <summary>A number, or hexadecimal digits with 0x in a string.</summary>
    public uint Number(uint max)
    {
        uint number;
        bool accepted = value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetUInt32(out number),
            JsonValueKind.String => TryHexadecimal(value.GetString()!, out number),
            _ => Fail(out number),
        };
        if (!accepted)
        {
            throw Refuse("a number, or a string of hexadecimal digits with 0x, is expected");
        }

        return number <= max ? number : throw Refuse($"{number} (0x{number:x}) is above the limit of {max} (0x{max:x})");
    }

    private static IEnumerable<PolicyElement> Enumerate(string file, string place, JsonElement array)
    {
        int index = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            yield return new PolicyElement(file, $"{place}[{index++}]", item);
        }
    }

    private static bool TryHexadecimal(string text, out uint number)
    {
        number = 0;
        return text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
    }

    private static bool Fail(out uint number)
    {
        number = 0;
        return false;
    }
}
