using System.Globalization;
using System.Text.Json;

namespace PciBackFlow.Cli.Serve;

/// <summary>One value of the configuration file with its place, so that every refusal names key, value and legal range.</summary>
internal readonly struct ConfigurationElement(string file, string key, JsonElement value)
{
    private const int ShownLength = 60;

    public string Key => key;

    public VerbException Refuse(string legal, string? advice = null) =>
        new($"{file}: {(key.Length == 0 ? "the file" : key)}", $"{legal}, not {Shown()}", advice ?? "Nothing was started: correct it and run again.")
        {
            Code = ExitCode.WrongWords,
        };

    /// <summary>The members of an object; unknown and repeated keys are refused, because a misspelt one would silently mean its default.</summary>
    public Dictionary<string, ConfigurationElement> Members(params string[] known)
    {
        var members = new Dictionary<string, ConfigurationElement>(StringComparer.Ordinal);
        foreach (ConfigurationElement member in Pairs())
        {
            string name = member.Key[(key.Length == 0 ? 0 : key.Length + 1)..];
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                string suggestion = WordSuggestions.Closest(name, known) is { } close ? $"Did you mean '{close}'?" : $"Known are {string.Join(", ", known)}.";
                throw new VerbException($"{file}: {member.Key}", "there is no such key", suggestion) { Code = ExitCode.WrongWords };
            }

            members.Add(name, member);
        }

        return members;
    }

    /// <summary>The members of an object, whatever their names.</summary>
    public IReadOnlyList<ConfigurationElement> Pairs()
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Refuse("takes an object { … }");
        }

        var pairs = new List<ConfigurationElement>();
        foreach (JsonProperty property in value.EnumerateObject())
        {
            string name = key.Length == 0 ? property.Name : $"{key}.{property.Name}";
            if (pairs.Any(pair => pair.Key == name))
            {
                throw new VerbException($"{file}: {name}", "the key stands twice", "Keep one of the two.") { Code = ExitCode.WrongWords };
            }

            pairs.Add(new ConfigurationElement(file, name, property.Value));
        }

        return pairs;
    }

    public string[] Texts()
    {
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            throw Refuse("takes an array of strings");
        }

        return [.. value.EnumerateArray().Select(item => item.GetString()!)];
    }

    public string Text() => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw Refuse("takes a string");

    public string Choice(params string[] choices) => value.ValueKind == JsonValueKind.String && choices.Contains(value.GetString(), StringComparer.Ordinal)
        ? value.GetString()!
        : throw Refuse($"takes {string.Join(", ", choices.Select(choice => $"\"{choice}\""))}");

    public int Number(int min, int max) => TryNumber(min, max)
        ?? throw Refuse(string.Create(CultureInfo.InvariantCulture, $"takes a whole number from {min} to {max}"));

    /// <summary><c>"auto"</c> (0) or a number.</summary>
    public int AutoOrNumber(int max) => value.ValueKind == JsonValueKind.String && value.ValueEquals("auto")
        ? 0
        : TryNumber(1, max) ?? throw Refuse(string.Create(CultureInfo.InvariantCulture, $"takes \"auto\" or a whole number from 1 to {max}"));

    private int? TryNumber(int min, int max) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= min && number <= max ? number : null;

    private string Shown()
    {
        string text = value.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= ShownLength ? text : $"{text[..ShownLength]} …";
    }
}
