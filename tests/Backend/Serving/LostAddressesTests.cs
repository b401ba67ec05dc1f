using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>A function that something reset under its guest, as error recovery of a link does when no driver is bound that would restore it.</summary>
public sealed class LostAddressesTests
{
    private const uint Address = 0xFEBC_0000;

    [Fact]
    public void A_guest_that_switches_it_on_again_gets_it_at_its_own_addresses_and_the_log_says_it_once()
    {
        EmulatedFunction function = new EmulatedFunctionBuilder(0x8086, 0x10D3).Set(ConfigRegisters.ClassCode, 4, 0x02_0000)
            .BaseAddress(0, Address, 0x2_0000).Build(Bench.HostA);
        using ExclusiveFunctions functions = new([function]);
        using Bench bench = new(options: standard => standard with { FunctionSource = functions });
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);
        for (int reset = 1; reset <= 3; reset++)
        {
            Assert.Equal(PciOpStatus.Success, frontend.Write(devfn: 0, ConfigRegisters.Command, size: 2, CommandBits.Memory | CommandBits.BusMaster));
            function.SetHardware(ConfigRegisters.Command, 2, 0);
            function.SetHardware(ConfigRegisters.BaseAddress0, 4, 0);

            Assert.Equal(PciOpStatus.Success, frontend.Write(devfn: 0, ConfigRegisters.Command, size: 2, CommandBits.Memory | CommandBits.BusMaster));

            byte[] now = function.Snapshot();
            Assert.Equal((Address, 0x06), (BitConverter.ToUInt32(now, ConfigRegisters.BaseAddress0), now[ConfigRegisters.Command]));
            Assert.Equal(reset, Assert.Single(bench.Snapshot(7)!.Functions).AddressesLost);
        }

        Bench.Eventually(() => Said(bench).Any(), "it is said");
        Assert.Single(Said(bench));
    }

    private static IEnumerable<string> Said(Bench bench) =>
        bench.Lines.Warnings.Where(static line => line.Contains("lost its base addresses", StringComparison.Ordinal));
}
