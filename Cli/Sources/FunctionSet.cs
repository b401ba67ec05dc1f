using PciBackFlow.Pci;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Cli.Sources;

/// <summary>The functions a verb works on.</summary>
/// <param name="Name">For people: <c>this host</c>, a file's name, <c>builtin e1000e</c>.</param>
/// <param name="IsLive">Whether real hardware stands behind them.</param>
/// <param name="Functions">In order of address or of the capture; at least one.</param>
internal sealed record FunctionSet(string Name, bool IsLive, IReadOnlyList<SourceFunction> Functions)
{
    private const HeaderKind NoAnswer = (HeaderKind)0x7F;

    /// <summary>Whether the words named no source, so that this is the program's choice.</summary>
    public bool IsDefault { get; init; }

    /// <summary>How many writes have stayed in the shadow so far; nothing is written to real hardware.</summary>
    public Func<long> WritesKept { get; init; } = () => 0;

    /// <summary>The functions a guest can be given, for the load harness. What is left out of a source that the user named is said.</summary>
    public LoadSource ToLoadSource(CliConsole console)
    {
        SourceFunction[] attachable =
            Functions.Where(function => function.Kind == HeaderKind.Device && function.BaseClass != SourceFunction.BridgeClass).ToArray();
        if (attachable.Length == 0)
        {
            throw new VerbException(
                $"cannot give a function of {Name} to a guest",
                Functions.Count == 1 ? $"{Functions[0].Address} is a {KindOf(Functions[0])}" : "all of them are bridges",
                "Choose a source with a device (header type 0, not a bridge); devices shows what there is.");
        }

        if (attachable.Length < Functions.Count && !IsDefault)
        {
            console.Remark($"{Functions.Count - attachable.Length} of {Functions.Count} functions are bridges, which no guest can be given: left out");
        }

        int assumed = attachable.Sum(function => function.Assumptions);
        if (assumed > 0 && !IsDefault)
        {
            console.Remark($"{assumed} regions without a size in the capture: 4096 bytes of memory or 32 ports are assumed; guest-view names them");
        }

        return new LoadSource(Name, IsLive, [.. attachable.Select(function => function.Open)]);
    }

    /// <summary>The one function a verb needs.</summary>
    /// <exception cref="VerbException">There are several: the words must name one.</exception>
    public SourceFunction Single() => Functions.Count == 1
        ? Functions[0]
        : throw new VerbException(
            $"{Name} has {Functions.Count} functions",
            "this verb works on one",
            $"Name it with {(IsLive ? "--device" : "--function")}: {string.Join(", ", Functions.Select(function => function.Address.ToString()))}")
        {
            Code = ExitCode.WrongWords,
        };

    /// <summary>Whether a guest's view of a function can be told: of CardBus, of reserved header types and of what does not answer it cannot.</summary>
    public static bool IsViewable(SourceFunction function) => function.Kind is HeaderKind.Device or HeaderKind.Bridge;

    /// <summary>Why functions that are not <see cref="IsViewable"/> are not shown.</summary>
    public static VerbException Refused(params IEnumerable<SourceFunction> functions) => new(
        $"refused: {string.Join(", ", functions.Select(function => function.Address.ToString()))}",
        string.Join("; ", functions.Select(function => function.Kind).Distinct().Select(kind => kind switch
        {
            HeaderKind.CardBus => "CardBus bridges (header type 2) are not supported",
            NoAnswer => "all ones: a function that does not answer",
            _ => $"header type {(int)kind} is reserved",
        })),
        "Choose another function.");

    /// <summary>A header layout in words.</summary>
    public static string NameOf(HeaderKind kind) => kind switch
    {
        HeaderKind.Device => "device",
        HeaderKind.Bridge => "PCI-to-PCI bridge",
        HeaderKind.CardBus => "CardBus bridge",
        NoAnswer => "function that does not answer",
        _ => "function of an unknown header type",
    };

    private static string KindOf(SourceFunction function) =>
        function.Kind == HeaderKind.Device ? "bridge of the host's chipset" : NameOf(function.Kind);
}
