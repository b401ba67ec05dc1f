using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Profiling;

/// <summary>What a profile run does.</summary>
public sealed record ProfileOptions
{
    /// <summary>Requests to run after the warm-up: 1,000 to 1,000,000,000.</summary>
    public long Operations { get; init; } = 200_000;

    /// <summary>How the stages lie over threads.</summary>
    public PipelineTopology Topology { get; init; } = PipelineTopology.Fused;

    /// <summary>Time the stages of every Nth request: 1 to 1,000,000. Timing costs more than the stages, so not every one.</summary>
    public int SampleEvery { get; init; } = 16;

    /// <summary>Real hardware only: read everything instead of header and known capabilities.</summary>
    public bool AllRegisters { get; init; }

    /// <summary>Throws for the first option that is not legal.</summary>
    /// <exception cref="ArgumentException">The message names the option and its legal range.</exception>
    public void Validate()
    {
        if (Operations is < 1_000 or > 1_000_000_000)
        {
            throw new ArgumentException($"operations is {Operations}; it must be 1000 to 1000000000");
        }

        if (SampleEvery is < 1 or > 1_000_000)
        {
            throw new ArgumentException($"sampling interval is {SampleEvery}; it must be 1 to 1000000");
        }
    }
}
