using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>The live page as a file: what it may not have in it, and what it has in common with others.</summary>
public sealed partial class LivePageTests
{
    private const int MaxBytes = 40_000;

    private static readonly string s_page = Read();

    [Fact]
    public void It_is_small_and_asks_nobody_but_the_daemon()
    {
        Assert.InRange(Encoding.UTF8.GetByteCount(s_page), 1, MaxBytes);

        // SVG's namespace is a name, not an address.
        string text = s_page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal);
        Assert.DoesNotContain("//", Comments().Replace(text, ""), StringComparison.Ordinal);
        Assert.DoesNotContain("@import", text, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", text, StringComparison.Ordinal);
        Assert.Equal(["/v1/status"], Fetches().Matches(text).Select(static match => match.Groups[1].Value));
        Assert.Equal(["data:,"], References().Matches(text).Select(static match => match.Groups[1].Value));
    }

    [Fact]
    public void Nothing_in_it_makes_markup_or_code_of_text()
    {
        Assert.DoesNotContain("HTML", s_page.Replace("<!doctype html>", "", StringComparison.Ordinal), StringComparison.Ordinal);
        foreach (string way in new[] { "document.write", "eval(", "Function(", "DOMParser", "setAttributeNS", "javascript:", "srcdoc" })
        {
            Assert.DoesNotContain(way, s_page, StringComparison.Ordinal);
        }

        // Event handlers and styles in markup, which its policy would not let run.
        Assert.Empty(Inline().Matches(s_page[..s_page.IndexOf("<script>", StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData("style")]
    [InlineData("script")]
    public void Its_policy_lets_its_own_style_and_script_through_and_nothing_else(string tag)
    {
        string between = Assert.Single(Regex.Matches(s_page, $"<{tag}>(.*?)</{tag}>", RegexOptions.Singleline)).Groups[1].Value;

        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(between)));

        Assert.Contains($"{tag}-src 'sha256-{hash}';", LivePage.SecurityPolicy, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none';", LivePage.SecurityPolicy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", LivePage.SecurityPolicy, StringComparison.Ordinal);
    }

    [Fact]
    public void Percentiles_are_estimated_between_the_bounds_between_which_the_daemon_counts()
    {
        string bounds = Assert.Single(Regex.Matches(s_page, @"const BOUNDS = \[(.*?)\];", RegexOptions.Singleline)).Groups[1].Value;

        Assert.Equal(PassageTimes.UpperBounds, bounds.Split(',').Select(static bound => long.Parse(bound, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void It_has_the_colours_of_a_loads_report()
    {
        string report = File.ReadAllText(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "..", "Perf", "Reports", "PageStyle.cs"));

        string[] colours = [.. Colours().Matches(report).Select(static match => match.Value)];

        Assert.Equal(20, colours.Length);
        Assert.Equal(colours, Colours().Matches(s_page).Select(static match => match.Value));
    }

    private static string Read()
    {
        using Stream stream = typeof(LivePage).Assembly.GetManifestResourceStream(LivePage.Resource)!;
        return new StreamReader(stream, Encoding.UTF8).ReadToEnd();
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"fetch\('([^']*)'")]
    private static partial Regex Fetches();

    [GeneratedRegex("(?:href|src)=\"([^\"]*)\"")]
    private static partial Regex References();

    [GeneratedRegex("<[^>]*\\s(?:on\\w+|style)=")]
    private static partial Regex Inline();

    [GeneratedRegex(@"--\w+: #[0-9a-f]{6};")]
    private static partial Regex Colours();
}
