using System.CommandLine;
using PciBackFlow.Cli.Parsing;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Cli.Verbs;

/// <summary>Words that <c>load</c> and <c>profile</c> share.</summary>
internal static class EngineWords
{
    /// <summary>How the stages lie over threads; fused is the default.</summary>
    public static Option<string> Topology() =>
        Words.Choice("--topology", "how the stages lie over threads", "fused", "queued", "dataflow");

    public static PipelineTopology TopologyOf(string word) => word switch
    {
        "queued" => PipelineTopology.Queued,
        "dataflow" => PipelineTopology.Dataflow,
        _ => PipelineTopology.Fused,
    };

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
}
