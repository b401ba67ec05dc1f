namespace PciBackFlow.Pipeline;

/// <summary>The words for <see cref="PipelineTopology"/>, as command line, configuration and reports spell them.</summary>
public static class PipelineTopologyNames
{
    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<string> All { get; } = Array.ConvertAll(Enum.GetValues<PipelineTopology>(), NameOf);

    /// <summary>The word for a topology.</summary>
    /// <param name="topology">A topology.</param>
    /// <returns><c>fused</c>, <c>queued</c> or <c>dataflow</c>.</returns>
    public static string NameOf(PipelineTopology topology) => topology switch
    {
        PipelineTopology.Fused => "fused",
        PipelineTopology.Queued => "queued",
        _ => "dataflow",
    };

    /// <summary>The topology that a word names.</summary>
    /// <param name="name">One of <see cref="All"/>.</param>
    /// <returns>The topology.</returns>
    /// <exception cref="ArgumentException">It is no such word.</exception>
    public static PipelineTopology Parse(string name)
    {
        foreach (PipelineTopology topology in Enum.GetValues<PipelineTopology>())
        {
            if (NameOf(topology) == name)
            {
                return topology;
            }
        }

        throw new ArgumentException($"'{name}' is no topology; there are {string.Join(", ", All)}", nameof(name));
    }
}
