using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>The multi-function bit, by what the guest is offered of a card (PCI Local Bus 3.0 §6.2.1).</summary>
public sealed class LoneFunctionTests
{
    private static readonly PciAddress First = new(0, 9, 0, 0);
    private static readonly PciAddress Second = new(0, 9, 0, 1);

    [Fact]
    public void A_guest_that_is_given_one_function_of_a_card_does_not_look_for_others()
    {
        using ExclusiveFunctions card = Card();
        using Bench bench = new(options: options => options with { FunctionSource = card });

        using SmallFrontend frontend = bench.Connect(7, First);

        Assert.Equal(0x00u, frontend.Read(devfn: 0, ConfigRegisters.HeaderType, size: 1).Value);
    }

    [Fact]
    public void A_guest_that_is_offered_both_finds_both()
    {
        using ExclusiveFunctions card = Card();
        using Bench bench = new(options: options => options with { FunctionSource = card });

        using SmallFrontend frontend = bench.Connect(7, First, Second);

        Assert.Equal(0x80u, frontend.Read(devfn: 0, ConfigRegisters.HeaderType, size: 1).Value);
        Assert.Equal(0x80u, frontend.Read(devfn: 1, ConfigRegisters.HeaderType, size: 1).Value);
    }

    private static ExclusiveFunctions Card() => new([Function(First), Function(Second)]);

    private static EmulatedFunction Function(PciAddress address) =>
        new EmulatedFunctionBuilder(0x8086, 0x10C9).Set(ConfigRegisters.ClassCode + 2, 1, 2).Set(ConfigRegisters.HeaderType, 1, 0x80).Build(address);
}
