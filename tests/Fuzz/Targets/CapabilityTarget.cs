using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>
/// A function whose every byte is the input's: its length and the policy (1 byte), then its space. Its lists of capabilities are walked, its map compiled and
/// the guest's view made, in a bounded number of reads.
/// </summary>
internal sealed class CapabilityTarget : FuzzTarget
{
    // Each place once, with its header.
    private const int MostWalkReads = 16 + (2 * CapabilityWalk.MaxStandard) + CapabilityWalk.MaxExtended;

    // The view alone reads each of 1,024 dwords; the tables look at each capability's registers.
    private const int MostReads = 16 << 10;

    private static readonly int[] Sizes = [ConfigRegisters.HeaderSize, ConfigRegisters.StandardSize, ConfigRegisters.ExtendedSize];
    private static readonly AccessPolicy[] Policies = [AccessPolicy.Default, AccessPolicy.Permissive, AccessPolicy.Strict, AccessPolicy.QemuXen];

    internal override string Name => "capabilities";

    internal override IEnumerable<byte[]> Seeds() => Captured().Concat(Broken());

    private static IEnumerable<byte[]> Captured()
    {
        foreach (string name in BuiltinCaptures.Names)
        {
            if (BuiltinCaptures.TryLoad(name, out Capture? capture))
            {
                ReadOnlySpan<byte> bytes = capture.Functions[0].Bytes.Span;
                int length = bytes.TrimEnd((byte)0).Length;
                yield return [(byte)(bytes.Length <= ConfigRegisters.StandardSize ? 1 : 2), .. bytes[..Math.Min(length, 1024)]];
            }
        }
    }

    // A list that leads back to its beginning, and a CardBus bridge, which no guest can have.
    private static IEnumerable<byte[]> Broken()
    {
        byte[] loop = new byte[0x46];
        (loop[ConfigRegisters.Status], loop[ConfigRegisters.CapabilityPointer]) = ((byte)StatusBits.CapabilityList, 0x40);
        (loop[0x40], loop[0x41], loop[0x44], loop[0x45]) = (0x05, 0x44, 0x01, 0x40);
        yield return [1, .. loop];
        byte[] bridge = new byte[ConfigRegisters.HeaderSize];
        bridge[ConfigRegisters.HeaderType] = 2;
        yield return [0, .. bridge];
    }

    internal override string Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return "nothing there";
        }

        byte[] bytes = new byte[Sizes[input[0] % Sizes.Length]];
        input[1..Math.Min(input.Length, bytes.Length + 1)].CopyTo(bytes);
        using var function = new GuardedFunction(new EmulatedFunction(default, "fuzzed", bytes));
        CapabilityList list = CapabilityWalk.Read(function);
        Require(function.Reads <= MostWalkReads, $"{function.Reads} reads to walk the lists");
        Require(list.Capabilities.All(each => each.Offset >= ConfigRegisters.HeaderSize && each.Offset < bytes.Length), "a capability outside the space");
        Require(list.Capabilities.DistinctBy(static each => each.Offset).Count() == list.Capabilities.Count, "a capability is there twice");
        try
        {
            var view = GuestView.Of(function, Policies[(input[0] >> 4) % Policies.Length]);
            Require(view.Bytes.Length == bytes.Length, $"a view of {view.Bytes.Length} bytes");
        }
        catch (UnsupportedFunctionException)
        {
            return "refused";
        }

        Require(function.Reads <= MostReads, $"{function.Reads} reads in all");
        return list.Defects.Count == 0 ? "well-formed" : "defects";
    }
}
