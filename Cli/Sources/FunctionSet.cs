using PciBackFlow.Hardware.Pci;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Cli.Sources;

/// <summary>The functions a verb works on.</summary>
/// <param name="Name">For people: <c>this host</c>, a file's name, <c>builtin e1000e</c>.</param>
/// <param name="IsLive">Whether real hardware stands behind them.</param>
/// <param name="Functions">In order of address or of the capture; at least one.</param>
internal sealed record FunctionSet(string Name, bool IsLive, IReadOnlyList<SourceFunction> Functions)
{
    /// <summary>How many writes have stayed in the shadow so far; nothing is written to real hardware.</summary>
    public Func<long> WritesKept { get; init; } = () => 0;

    /// <summary>The functions a guest can be given, for the load harness. What is left out is said.</summary>
    public LoadSource ToLoadSource(CliConsole console)
    {
        var attachable = Functions.Where(function => function.Kind == HeaderKind.Device).ToArray();
        if (attachable.Length == 0)
        {
            throw new VerbException(
                $"cannot give a function of {Name} to a guest",
                Functions.Count == 1 ? $"{Functions[0].Address} is a {NameOf(Functions[0].Kind)}" : "all of them are bridges",
                "Choose a source with a device (header type 0); devices shows what there is.");
        }

        if (attachable.Length < Functions.Count)
            console.Remark($"{Functions.Count - attachable.Length} of {Functions.Count} functions are bridges, which no guest can be given: left out");
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

    /// <summary>A header layout in words.</summary>
    public static string NameOf(HeaderKind kind) => kind switch
    {
        HeaderKind.Device => "device",
        HeaderKind.Bridge => "PCI-to-PCI bridge",
        HeaderKind.CardBus => "CardBus bridge",
        _ => "function of an unknown header type",
    };
}
