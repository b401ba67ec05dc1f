using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Load;

/// <summary>The words of options in reports, as the command line spells them.</summary>
internal static class Names
{
    /// <summary>The stages in the order of a request.</summary>
    internal static readonly string[] Stages = ["ingest", "decode", "filter", "execute", "respond", "notify"];

    internal static string Of(LoadMix mix) => mix switch
    {
        LoadMix.Scan => "scan",
        LoadMix.Mixed => "mixed",
        LoadMix.Write => "write",
        LoadMix.Interrupts => "interrupts",
        LoadMix.Boot => "boot",
        _ => "replay",
    };

    internal static string Of(FrontendKind kind) => kind switch
    {
        FrontendKind.Linux => "linux",
        FrontendKind.NetBsd => "netbsd",
        _ => "minios",
    };
}
