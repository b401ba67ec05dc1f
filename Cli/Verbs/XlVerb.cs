using System.CommandLine;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Cli.Verbs;

/// <summary><c>xl -- ARGS</c>: becomes xl, in a view where this backend stands in pciback's place.</summary>
internal static class XlVerb
{
    private const string DefaultRunDirectory = "/run/pcibackflow";

    public static Verb Create(CliConsole console)
    {
        var words = new Argument<string[]>("ARGS") { Description = "xl's own words, behind --", Arity = ArgumentArity.ZeroOrMore };
        var run = new Option<string>("--run")
        {
            Description = "the daemon's directory for this boot",
            HelpName = "DIR",
            DefaultValueFactory = _ => DefaultRunDirectory,
        };
        var command = new Command("xl", "run unmodified xl, seeing this backend where it looks for pciback; exit code is xl's") { words, run };
        command.SetAction(parsed =>
        {
            string program = XlProgram.Find(Environment.GetEnvironmentVariable("PATH"))
                ?? throw new VerbException(
                    "cannot run xl", "it is neither on PATH nor in /usr/lib/xen-*/bin",
                    "Install it: xen-utils (Debian), xen-tools (others).");
            try
            {
                XlView.Enter(parsed.GetRequiredValue(run));
            }
            catch (BackendException failure)
            {
                throw new VerbException("cannot run xl", failure.Message, "Start the daemon (pcibackflow serve) and run this as root.", failure);
            }

            // The namespace is this thread's: whatever is between here and the program must stay on it.
            console.Output.Flush();
            ProgramReplacement.Run(program, parsed.GetValue(words) ?? []);
            return ExitCode.Failed;
        });
        return new Verb(
            command,
            "pcibackflow xl -- pci-assignable-add 00:04.0",
            "pcibackflow xl -- create guest.cfg",
            "alias xl='pcibackflow xl --'");
    }
}
