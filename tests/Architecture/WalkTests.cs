using System.Text.RegularExpressions;

namespace PciBackFlow.Architecture.Tests;

/// <summary>
/// The walks through the program that docs/design.md takes by file names: the files are there, and they are
/// no more than one reads in an hour.
/// </summary>
public sealed partial class WalkTests
{
    [Theory]
    [InlineData("### One config read", 16)]
    [InlineData("## One attach", 35)]
    [InlineData("## One detach", 30)]
    [InlineData("## One death", 30)]
    public void A_walk_names_files_that_are_there_and_few(string heading, int most)
    {
        string[] files = [.. FileName().Matches(Section(heading)).Select(static match => match.Groups[1].Value).Distinct()];

        Assert.All(files, static file => Assert.True(Exists(file), $"{file} is no file"));
        Assert.InRange(files.Length, most / 2, most);
    }

    private static string Section(string heading)
    {
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "design.md"));
        int begin = page.IndexOf($"\n{heading}", StringComparison.Ordinal);
        Assert.True(begin >= 0, heading);
        int end = page.IndexOf("\n## ", begin + 1, StringComparison.Ordinal);
        return page[begin..(end < 0 ? page.Length : end)];
    }

    // A name without a project's folder is the backend's.
    private static bool Exists(string file) =>
        new[] { file, $"{file}.cs", $"Backend/{file}.cs" }.Any(static name => File.Exists(Path.Combine(SourceTree.Root, name)));

    // In the first columns of a table's row, a folder and a name.
    [GeneratedRegex(@"`((?:[A-Za-z]+/)+[A-Za-z.]+)`(?=[^\n]*\|)")]
    private static partial Regex FileName();
}
