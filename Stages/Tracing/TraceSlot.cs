using PciBackFlow.Filter.Map;

namespace PciBackFlow.Stages.Tracing;

/// <summary>One place of a shard's ring: a record, and the permissions that were asked, whose registers have names.</summary>
public struct TraceSlot
{
    /// <summary>The record.</summary>
    public TraceRecord Record;

    /// <summary>The permissions; null when no function was meant.</summary>
    public ConfigSpaceMap? Permissions;
}
