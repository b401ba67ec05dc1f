namespace PciBackFlow.Perf.Scripted;

/// <summary>What a measured guest's requests find of a trace.</summary>
public enum TraceState
{
    /// <summary>Its shard has none.</summary>
    None,

    /// <summary>There is one, and nobody looks.</summary>
    Off,

    /// <summary>Somebody looks at every request.</summary>
    On,

    /// <summary>Somebody looks at denied writes: the shard leaves a record of every request, and the reader gets those.</summary>
    Denied,
}
