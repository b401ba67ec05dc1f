namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>Something of the product that reads what others wrote, fed with bytes of any kind. One thread; a run depends on its input alone.</summary>
internal abstract class FuzzTarget
{
    /// <summary>All targets.</summary>
    internal static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new PageTarget(), new StoreTarget(), new SpecTarget(), new PolicyTarget(), new JournalTarget(), new DumpTarget(), new ControlTarget(),
        new CapabilityTarget(), new TraceTarget(),
    ];

    /// <summary>What it is called on the command line, and its corpus' folder.</summary>
    internal abstract string Name { get; }

    /// <summary>Inputs the project makes itself, from which a fuzzer begins.</summary>
    internal abstract IEnumerable<byte[]> Seeds();

    /// <summary>Feeds one input.</summary>
    /// <param name="input">Any bytes.</param>
    /// <returns>How it ended, of the ways that are documented; any other is an exception.</returns>
    internal abstract string Run(ReadOnlySpan<byte> input);

    /// <summary>What must hold whatever the input.</summary>
    private protected static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new BrokenPropertyException(otherwise);
        }
    }
}
