using System.Text.RegularExpressions;

namespace PciBackFlow.Architecture.Tests;

/// <summary>Which types use constants of which others, as written: what is compiled shows no trace of that.</summary>
internal static partial class ConstantUses
{
    /// <summary>All uses between a layer's types, each once, by their full names.</summary>
    /// <param name="layer">The layer's folder.</param>
    public static IReadOnlyCollection<(string From, string To)> Of(string layer) =>
        Of(SourceTree.Files(layer).Select(static file => (TypeOf(file), File.ReadAllText(file))));

    /// <summary>The same of any sources.</summary>
    /// <param name="sources">The type that a source is of, and its text.</param>
    public static IReadOnlyCollection<(string From, string To)> Of(IEnumerable<(string Type, string Text)> sources)
    {
        (string Type, string Text)[] all = [.. sources];
        Dictionary<string, string> owners = [];
        foreach ((string type, string text) in all)
        {
            foreach (Match constant in Constant().Matches(text))
            {
                owners.TryAdd($"{type[(type.LastIndexOf('.') + 1)..]}.{constant.Groups[1].Value}", type);
            }
        }

        return
        [
            .. (from source in all
                from use in Use().Matches(source.Text)
                where owners.TryGetValue(use.Value, out string? owner) && owner != source.Type
                select (source.Type, owners[use.Value])).Distinct(),
        ];
    }

    // A file is named as its type, and lies where its namespace says; what lies beside a dot is a part of it.
    private static string TypeOf(string file)
    {
        string folder = Path.GetRelativePath(SourceTree.Root, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
        return $"PciBackFlow.{folder}.{Path.GetFileNameWithoutExtension(file).Split('.')[0]}";
    }

    [GeneratedRegex(@"^    (?:public|internal) const \S+ (\w+)", RegexOptions.Multiline)]
    private static partial Regex Constant();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w+\.[A-Z]\w+(?![\w(])")]
    private static partial Regex Use();
}
