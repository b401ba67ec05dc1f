using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Text.RegularExpressions;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Packaging;

/// <summary>The manual page that <c>packaging/man-page</c> makes of the help, held to the tree of commands which that help is printed from.</summary>
public sealed partial class ManPageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_verb_is_in_it_with_its_words_its_arguments_and_all_of_its_options()
    {
        Dictionary<string, string> sections = Sections(Page());
        (string[] Path, Command Command)[] commands = [.. Below(Root(), [])];

        Assert.Equal(commands.Select(static command => string.Join(' ', command.Path)), sections.Keys);
        Assert.All(commands, command =>
        {
            string section = sections[string.Join(' ', command.Path)];
            Assert.StartsWith(OneLine(command.Command.Description!), section, StringComparison.Ordinal);
            (string Term, string Text)[] entries =
                [.. Entry().Matches(section).Select(static match => (match.Groups["term"].Value, match.Groups["text"].Value))];
            Assert.All(command.Command.Options.Where(static option => option is not HelpOption && !option.Hidden), option => Assert.Contains(entries, entry =>
                Words(entry.Term).Contains(option.Name) && entry.Text.StartsWith(OneLine(option.Description!), StringComparison.Ordinal)));
            Assert.All(command.Command.Arguments, argument => Assert.Contains(entries, entry =>
                !entry.Term.StartsWith('-') && entry.Text.StartsWith(OneLine(argument.Description!), StringComparison.Ordinal)));
        });
    }

    [Fact]
    public void An_example_can_be_copied_from_it_as_it_is_in_the_help()
    {
        string page = Unformatted(Page());

        foreach ((string[] path, Command _) in Below(Root(), []))
        {
            string examples = CliRun.Of([.. path, "--help"]).Succeeded().Output.Split("Examples:", 2)[1];
            Assert.All(
                examples.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains($"\n{line[2..]}\n", page, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_value_that_the_help_breaks_over_lines_is_whole_again()
    {
        string section = Sections(Page())["trace"];

        Assert.Contains("--operation read|write|enable-msi|disable-msi|enable-msix|disable-msix|enable-multi-msi|other\n", section, StringComparison.Ordinal);
    }

    [Fact]
    public void Man_shows_it_without_a_complaint()
    {
        string page = _folder.Write("pcibackflow.1", Page());

        (int exitCode, string shown, string errors) = PackagingTree.Run("/usr/bin/man", "man-db", "--warnings", "-l", page);

        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("pcibackflow - userspace Xen PCI backend", shown, StringComparison.Ordinal);
    }

    // The program in its place is a script that prints the help of this build, so that the page is made without a process for each verb.
    private string Page()
    {
        foreach ((string[] path, Command _) in Below(Root(), []).Prepend(([], Root())))
        {
            _folder.Write(string.Concat("help", string.Concat(path.Select(static word => "+" + word))), CliRun.Of([.. path, "--help"]).Succeeded().Output);
        }

        string program = _folder.Write("program", """
            #!/bin/sh
            [ "$1" != --version ] || exec echo pcibackflow 1.2.3
            name=help
            for word; do [ "$word" = --help ] || name=$name+$word; done
            exec cat "$(dirname "$0")/$name"

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        (int exitCode, string page, string errors) = PackagingTree.Run("/usr/bin/perl", "perl", PackagingTree.File("man-page"), program);

        Assert.Equal((0, ""), (exitCode, errors));
        return page;
    }

    private static RootCommand Root() =>
        CommandTree.Create(new CliConsole(TextWriter.Null, TextWriter.Null, Stream.Null, false, false, static () => CancellationToken.None));

    private static IEnumerable<(string[] Path, Command Command)> Below(Command command, string[] path)
    {
        foreach (Command verb in command.Subcommands)
        {
            string[] words = [.. path, verb.Name];
            yield return (words, verb);
            foreach ((string[] Path, Command Command) below in Below(verb, words))
            {
                yield return below;
            }
        }
    }

    private static Dictionary<string, string> Sections(string page) =>
        Unformatted(page).Split("\n.SH EXIT STATUS", 2)[0].Split("\n.SS \"").Skip(1).Select(static section => section.Split("\"\n", 2))
            .ToDictionary(static parts => parts[0], static parts => parts[1]);

    private static string Unformatted(string page) => Escape().Replace(page, static match => match.Value switch
    {
        @"\e" => @"\",
        @"\-" => "-",
        @"\[aq]" => "'",
        @"\[ga]" => "`",
        @"\[ha]" => "^",
        @"\[ti]" => "~",
        ['\\', '[', 'u', .. string digits, ']'] => char.ConvertFromUtf32(int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
        _ => "",
    });

    private static string[] Words(string term) => term.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);

    private static string OneLine(string text) => Space().Replace(text, " ").Trim();

    [GeneratedRegex(@"\\(\[[^\]]*\]|f[BIR]|.)")]
    private static partial Regex Escape();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"^\.TP\n(?<term>.*)\n(?<text>.*)$", RegexOptions.Multiline)]
    private static partial Regex Entry();
}
