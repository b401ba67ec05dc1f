using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Pci.Captures;

/// <summary>
/// A captured function that behaves (<see cref="EmulatedFunction"/>) from the state it was captured in. What the capture does
/// not hold fails to read. Addresses and sizes of regions come from the dump's decoded lines where the registers do not hold them, else 4 KiB of memory and 32
/// ports (<see cref="Assumptions"/>); a virtual function's ids from the line that names it.
/// </summary>
public sealed class CapturedFunction : EmulatedFunction
{
    private static readonly ConfigImage Decoding = CommandOf(CommandBits.Memory);

    /// <summary>Brings a captured function to life.</summary>
    /// <param name="capture">The file's name, which becomes the origin.</param>
    /// <param name="config">The function.</param>
    public CapturedFunction(string capture, CapturedConfig config)
        : base(config.Address, $"{capture} {config.Address}", config.Bytes.Span, config.SpaceSize, [.. config.Regions], config.IsVirtualFunction)
    {
        Config = config;
        AreIdsKnown = config.TryIds(out ushort vendor, out ushort device);
        (VendorId, DeviceId) = (vendor, device);
        // Of the physical function nothing is known; where its virtual ones were captured, it was on.
        PhysicalFunction = config.IsVirtualFunction ? Decoding : null;
        Assumptions = FindAssumptions();
    }

    /// <summary>What was captured.</summary>
    public CapturedConfig Config { get; }

    /// <summary>That its space goes on behind what was captured, or may; null when all of it was captured.</summary>
    public string? Shortness => ReadableSize < Size ? $"only the first {ReadableSize} bytes were captured" : null;

    /// <summary>Whether the capture tells its ids: false for a virtual function whose dump has no <c>[vvvv:dddd]</c>.</summary>
    public bool AreIdsKnown { get; }

    /// <summary>What the capture does not say of its regions, so that it is assumed; empty where it says everything.</summary>
    public IReadOnlyList<RegionAssumption> Assumptions { get; }

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

    private static ConfigImage CommandOf(uint command)
    {
        byte[] header = new byte[ConfigRegisters.HeaderSize];
        header[ConfigRegisters.Command] = (byte)command;
        return new ConfigImage(header);
    }

    private List<RegionAssumption> FindAssumptions()
    {
        var found = new List<RegionAssumption>();
        for (int i = 0; i < BaseAddresses.Count; i++)
        {
            bool isPlace = i < Config.Regions.Count && Config.Regions[i].IsPlaceAssumed;
            if (BaseAddresses[i].IsPresent && (IsLengthAssumed[i] || isPlace))
            {
                found.Add(new RegionAssumption(i, BaseAddresses[i].Length, IsLengthAssumed[i], isPlace));
            }
        }

        return found;
    }
}
