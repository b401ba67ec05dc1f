namespace PciBackFlow.Cli.Tests;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("", "load")]
    [InlineData("gu", "guest-view")]
    [InlineData("load --topology ", "queued")]
    [InlineData("load --mix w", "write")]
    [InlineData("load --gu", "--guests")]
    [InlineData("guest-view --builtin e1", "e1000e")]
    [InlineData("devices --device a", "all")]
    [InlineData("completion f", "fish")]
    public void The_suggest_directive_that_the_scripts_use_completes_words(string typed, string expected)
    {
        CliRun run = CliRun.Of($"[suggest:{typed.Length}]", typed).Succeeded();

        Assert.Contains(expected, run.Output.Split('\n').Select(line => line.Trim()));
    }

    [Theory]
    [InlineData("bash", "complete -o bashdefault -o default -F _pcibackflow pcibackflow")]
    [InlineData("zsh", "compdef _pcibackflow pcibackflow")]
    [InlineData("fish", "complete -c pcibackflow")]
    public void Each_shell_has_a_script_that_asks_the_program(string shell, string registration)
    {
        string script = CliRun.Of("completion", shell).Succeeded().Output;

        Assert.Contains(registration, script, StringComparison.Ordinal);
        Assert.Contains("[suggest:", script, StringComparison.Ordinal);
    }
}
