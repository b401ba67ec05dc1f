using System.CommandLine;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Perf.Load;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Cli.Verbs;

/// <summary>Words that <c>load</c> and <c>profile</c> share.</summary>
internal static class EngineWords
{
    /// <summary>How the stages lie over threads; fused is the default.</summary>
    public static Option<string> Topology() =>
        Words.Choice("--topology", "how the stages lie over threads", [.. PipelineTopologyNames.All]);

    public static Option<bool> Json() => Words.Flag("--json", "print one JSON object instead of tables");

    /// <summary>Runs a check of options; what is not available is said as a failure, not as a defect.</summary>
    public static void Check(Action validate)
    {
        try
        {
            validate();
        }
        catch (ArgumentException wrong)
        {
            throw new VerbException("cannot run this", wrong.Message, null, wrong);
        }
    }

    /// <summary>Runs a measurement; what stops it before anything was measured is said as a failure.</summary>
    public static T Run<T>(Func<T> measure)
    {
        try
        {
            return measure();
        }
        catch (OperationCanceledException)
        {
            throw new VerbException("interrupted", "nothing had been measured yet");
        }
        catch (LoadFailedException failure)
        {
            throw new VerbException("the run could not begin", failure.Message, null, failure);
        }
    }
}
