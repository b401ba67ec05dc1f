using System.Globalization;
using System.Text.RegularExpressions;
using PciBackFlow.Samples;

namespace PciBackFlow.Filter.Tests.Samples;

/// <summary>The samples of the package's README: its text is theirs, and what it says they print they print.</summary>
public sealed partial class SampleTests
{
    public static TheoryData<string> Names => ["ExplainSample", "ServeSample", "MapSample"];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_readme_shows_the_sample_as_it_is_compiled(string name) =>
        Assert.Equal(WithoutNamespace(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Samples", $"{name}.cs"))), InReadme($"{name}.cs"));

    [Theory]
    [MemberData(nameof(Names))]
    public void The_readme_shows_what_the_sample_prints(string name) => Assert.Equal(Printed(name), InReadme($"{name}.txt"));

    /// <summary>What a sample prints, run here.</summary>
    internal static string Printed(string name)
    {
        using StringWriter output = new(CultureInfo.InvariantCulture) { NewLine = "\n" };
        Action<TextWriter> run = name switch
        {
            nameof(ExplainSample) => ExplainSample.Run,
            nameof(ServeSample) => ServeSample.Run,
            _ => MapSample.Run,
        };
        run(output);
        return output.ToString();
    }

    // The block that follows the comment with its name.
    private static string InReadme(string name)
    {
        string readme = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md"));
        Match block = Block().Matches(readme).Single(match => match.Groups["name"].Value == name);
        return block.Groups["text"].Value;
    }

    private static string WithoutNamespace(string text) => text.Replace("namespace PciBackFlow.Samples;\n\n", string.Empty, StringComparison.Ordinal);

    [GeneratedRegex(@"<!-- (?<name>[\w.]+) -->\n```\w*\n(?<text>.*?)```\n", RegexOptions.Singleline)]
    private static partial Regex Block();
}
