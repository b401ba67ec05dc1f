using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Scripted;

/// <summary>The requests by which the trace's cost is measured: each takes another way through the stages.</summary>
public static class TracedRequests
{
    /// <summary>A read that the shadow answers: the ids.</summary>
    public static PciOpRequest ReadShadow => new() { Command = PciOpCode.ConfigRead, Size = 4 };

    /// <summary>A read that the function answers: Status.</summary>
    public static PciOpRequest ReadHardware => new() { Command = PciOpCode.ConfigRead, Offset = 0x06, Size = 2 };

    /// <summary>A write that policy drops: the ids.</summary>
    public static PciOpRequest WriteDenied => new() { Command = PciOpCode.ConfigWrite, Size = 4, Value = 0x1234_5678 };

    /// <summary>By the word of a command line: <c>read-shadow</c>, <c>read-hardware</c>, <c>write-denied</c>.</summary>
    /// <param name="word">The word.</param>
    /// <returns>The request; null for another word.</returns>
    public static PciOpRequest? Parse(string word) => word switch
    {
        "read-shadow" => ReadShadow,
        "read-hardware" => ReadHardware,
        "write-denied" => WriteDenied,
        _ => null,
    };
}
