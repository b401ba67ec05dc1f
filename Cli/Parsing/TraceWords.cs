using System.CommandLine;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Parsing;

/// <summary>Words of the verbs that work on a saved trace.</summary>
internal static class TraceWords
{
    /// <summary>Which function of a trace.</summary>
    public static Option<PciAddress?> Traced() => Words.Address("--traced", "which function of the trace, by its host address; when it is about several");

    /// <summary>The function of a source that is meant: the only one, or that with the traced function's address.</summary>
    /// <exception cref="VerbException">There are several, and none has that address; or nobody can look into it.</exception>
    public static SourceFunction Choose(FunctionSet functions, PciAddress traced, CliConsole console)
    {
        SourceFunction chosen = functions.Functions.FirstOrDefault(function => function.Address == traced) ?? functions.Single();
        if (functions.IsDefault)
        {
            console.Remark($"no source was named: {chosen.Address} {chosen.Description} of {functions.Name}");
        }

        return FunctionSet.IsViewable(chosen) ? chosen : throw FunctionSet.Refused(chosen);
    }
}
