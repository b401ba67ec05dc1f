using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using PciBackFlow.Cli.Verbs;

namespace PciBackFlow.Cli;

/// <summary>All verbs under one root.</summary>
public static class CommandTree
{
    private static readonly string[] RootExamples =
    [
        "pcibackflow load",
        "pcibackflow devices",
        "pcibackflow guest-view --device 00:02.0 > guest.txt; lspci -F guest.txt -vvv",
        "pcibackflow explain --device 00:02.0 COMMAND=0 BASE_ADDRESS_0=ffffffff BASE_ADDRESS_0",
    ];

    /// <summary>Builds the tree.</summary>
    /// <param name="console">Where the verbs write.</param>
    /// <returns>The root.</returns>
    public static RootCommand Create(CliConsole console)
    {
        var root = new RootCommand("A userspace Xen PCI backend: serve guests with it, load-test it, look at what guests see of a PCI function, and why.");
        var examples = new Dictionary<Command, string[]> { [root] = RootExamples };
        foreach (Verb verb in Verbs(console))
        {
            root.Add(verb.Command);
            examples.Add(verb.Command, verb.Examples);
            foreach ((Command? command, string[]? lines) in verb.Below)
            {
                examples.Add(command, lines);
            }
        }

        foreach (Option option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction standard })
            {
                option.Action = new HelpWithExamples(standard, examples);
            }
            else if (option is VersionOption)
            {
                option.Action = new PrintVersion();
            }
        }

        return root;
    }

    private static IEnumerable<Verb> Verbs(CliConsole console) =>
    [
        LoadVerb.Create(console),
        ProfileVerb.Create(console),
        GuestViewVerb.Create(console),
        ExplainVerb.Create(console),
        LearnVerb.Create(console),
        DevicesVerb.Create(console),
        DoctorVerb.Create(console),
        PolicyVerb.Create(console),
        ServeVerb.Create(console),
        StatusVerb.Create(console),
        TopVerb.Create(console),
        TraceVerb.Create(console),
        ReplayVerb.Create(console),
        ReloadVerb.Create(console),
        InspectVerb.Create(console),
        AssignableVerbs.CreateAdd(console),
        AssignableVerbs.CreateRemove(console),
        AssignableVerbs.CreateList(console),
        AttachVerbs.CreateAttach(console),
        AttachVerbs.CreateDetach(console),
        AttachVerbs.CreateList(console),
        XlVerb.Create(console),
        HostSleepVerbs.CreateSuspend(console),
        HostSleepVerbs.CreateResume(console),
        CompletionVerb.Create(console),
    ];

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"pcibackflow {ProgramVersion.Text}");
            return ExitCode.Done;
        }
    }
}
