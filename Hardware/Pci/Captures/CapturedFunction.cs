using PciBackFlow.Hardware.Pci.Emulated;

namespace PciBackFlow.Hardware.Pci.Captures;

/// <summary>
/// A captured function that behaves (<see cref="EmulatedFunction"/>) from the state it was captured in. What the capture does
/// not hold fails to read. BAR sizes come from the dump's decoded lines, else 4 KiB of memory and 32 ports.
/// </summary>
public sealed class CapturedFunction : EmulatedFunction
{
    /// <summary>Brings a captured function to life.</summary>
    /// <param name="capture">The file's name, which becomes the origin.</param>
    /// <param name="config">The function.</param>
    public CapturedFunction(string capture, CapturedConfig config)
        : base(config.Address, $"{capture} {config.Address}", config.Bytes.Span, [.. config.Lengths]) => Config = config;

    /// <summary>What was captured.</summary>
    public CapturedConfig Config { get; }

    /// <summary>Brings every function of a capture to life.</summary>
    /// <param name="capture">The capture.</param>
    /// <returns>The functions, in its order.</returns>
    public static IReadOnlyList<CapturedFunction> All(Capture capture)
    {
        var functions = new List<CapturedFunction>(capture.Functions.Count);
        foreach (CapturedConfig config in capture.Functions)
        {
            functions.Add(new CapturedFunction(capture.Name, config));
        }

        return functions;
    }
}
