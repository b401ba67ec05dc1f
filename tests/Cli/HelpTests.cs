namespace PciBackFlow.Cli.Tests;

public sealed class HelpTests
{
    [Fact]
    public void The_programs_help_lists_the_verbs_that_work_and_no_other()
    {
        string help = CliRun.Of("--help").Succeeded().Output;

        IEnumerable<string> verbs = help.Split("Commands:", 2)[1].Split("Examples:", 2)[0]
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ')
            .Select(line => line.Trim().Split(' ')[0]);
        Assert.Equal(
            [
                "load", "profile", "guest-view", "explain", "learn", "devices", "doctor", "policy", "serve", "status", "top", "trace", "replay", "reload",
                "inspect", "pci-assignable-add",
                "pci-assignable-remove", "pci-assignable-list", "pci-attach", "pci-detach", "pci-list", "xl", "host-suspend", "host-resume", "completion",
            ],
            verbs);
    }

    // The options that the command line's contract names for each verb.
    [Theory]
    [InlineData("load", "--guests --duration --shards --topology --mix --rate --workers --neighbour --spin --report --compare --hgrm --json")]
    [InlineData("load", "--device --from-dump --function --builtin --all-registers")]
    [InlineData("profile", "--operations --topology --every --device --from-dump --function --builtin --all-registers --json")]
    [InlineData("profile", "--daemon --domain --seconds --hgrm --run")]
    [InlineData("guest-view", "--device --from-dump --function --builtin --all-registers --permissive --policy --verify-shadow --json")]
    [InlineData("explain", "ACCESS --device --from-dump --function --builtin --all-registers --permissive --policy --live --force --json")]
    [InlineData("learn", "ACCESS --from --device --from-dump --function --builtin --all-registers --permissive --policy")]
    [InlineData("devices", "capture --device --from-dump --function --builtin --json")]
    [InlineData("devices capture", "BDF FILE")]
    [InlineData("doctor", "BDF --device --from-dump --function --builtin --config --run --json")]
    [InlineData("inspect", "PATH --run")]
    [InlineData("policy", "list show try")]
    [InlineData("policy list", "--json")]
    [InlineData("policy show", "NAME")]
    [InlineData("policy try", "FILE|NAME --device --from-dump --function --builtin --all-registers --json")]
    [InlineData("serve", "--config --platform --topology --shards --spin --slots --state --run --check")]
    [InlineData("load", "--replay --traced --trace")]
    [InlineData("learn", "--trace --traced --daemon --run --output")]
    [InlineData("trace", "--denied --domain --device --operation --from --save --count --json --run")]
    [InlineData("replay", "FILE --traced --device --from-dump --function --builtin --permissive --policy")]
    [InlineData("reload", "--run")]
    [InlineData("status", "--run --json")]
    [InlineData("top", "-d -b -n --run --json")]
    [InlineData("pci-assignable-add", "BDF -n --force --run")]
    [InlineData("pci-assignable-remove", "BDF|NAME -r --force --run")]
    [InlineData("pci-assignable-list", "-n --run --json")]
    [InlineData("pci-attach", "DOM PCI_SPEC --no-wait --keep --force --run")]
    [InlineData("pci-detach", "DOM PCI_SPEC -f --run")]
    [InlineData("pci-list", "DOM --run --json")]
    [InlineData("completion", "bash zsh fish")]
    public void A_verbs_help_names_its_options_and_shows_examples(string verb, string words)
    {
        CliRun help = CliRun.OfLine(verb + " --help").Succeeded();

        Assert.All(words.Split(' '), word => Assert.Contains(word, help.Output, StringComparison.Ordinal));
        Assert.Contains($"pcibackflow {verb}", help.Output.Split("Examples:", 2)[1], StringComparison.Ordinal);
        Assert.Empty(help.Errors);
    }

    [Theory]
    [InlineData("load --help", "[default: 64]")]
    [InlineData("load --help", "[default: 10]")]
    [InlineData("load --help", "[default: fused]")]
    [InlineData("load --help", "[default: scan]")]
    public void Help_tells_defaults(string line, string expected) =>
        Assert.Contains(expected, CliRun.OfLine(line).Succeeded().Output, StringComparison.Ordinal);

    [Fact]
    public void The_version_is_the_builds()
    {
        string version = CliRun.Of("--version").Succeeded().Output;

        Assert.Matches(@"^pcibackflow \d+\.\d+\.\d+\s*$", version);
    }
}
