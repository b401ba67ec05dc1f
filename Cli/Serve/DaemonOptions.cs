namespace PciBackFlow.Cli.Serve;

/// <summary>What the command line says; null where it says nothing.</summary>
internal sealed record DaemonOptions
{
    public string? Platform { get; init; }

    public string? Topology { get; init; }

    public int? Shards { get; init; }

    public int? Spin { get; init; }

    public string? Slots { get; init; }

    public string? State { get; init; }

    public string? Run { get; init; }
}
