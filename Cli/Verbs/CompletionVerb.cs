using System.CommandLine;
using PciBackFlow.Cli.Completion;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>completion SHELL</c>: prints what that shell reads to complete this program's words.</summary>
internal static class CompletionVerb
{
    public static Verb Create(CliConsole console)
    {
        var shell = new Argument<string>("SHELL") { Description = string.Join(", ", CompletionScripts.Shells) };
        shell.AcceptOnlyFromAmong([.. CompletionScripts.Shells]);
        var command = new Command("completion", "print a script that completes verbs, options and addresses in a shell") { shell };
        command.SetAction(parsed =>
        {
            console.Output.Write(CompletionScripts.Of(parsed.GetRequiredValue(shell)));
            return ExitCode.Done;
        });
        return new Verb(
            command,
            "source <(pcibackflow completion bash)",
            "pcibackflow completion zsh > ~/.zfunc/_pcibackflow",
            "pcibackflow completion fish > ~/.config/fish/completions/pcibackflow.fish");
    }
}
