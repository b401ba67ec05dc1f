using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tracing;

/// <summary>The words for the operations of a trace.</summary>
public static class TraceOperations
{
    private const string Other = "other";

    /// <summary>All of them; the last stands for every code that no frontend should send.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["read", "write", "enable-msi", "disable-msi", "enable-msix", "disable-msix", "enable-multi-msi", Other];

    /// <summary>The word for an operation.</summary>
    /// <param name="operation">Its code; any.</param>
    /// <returns>One of <see cref="All"/>.</returns>
    public static string NameOf(uint operation) => (PciOpCode)operation switch
    {
        PciOpCode.ConfigRead => "read",
        PciOpCode.ConfigWrite => "write",
        PciOpCode.EnableMsi => "enable-msi",
        PciOpCode.DisableMsi => "disable-msi",
        PciOpCode.EnableMsix => "enable-msix",
        PciOpCode.DisableMsix => "disable-msix",
        PciOpCode.EnableMultiMsi => "enable-multi-msi",
        _ => Other,
    };
}
