using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>A guest that puts its function to sleep, while it and Xen have the function's memory mapped.</summary>
public sealed class PowerStateTests
{
    private const int PowerControl = 0x44;
    private const uint D3Hot = 3;

    [Theory]
    [InlineData(false, 0, 0L)]
    [InlineData(true, 3, 2L)]
    public void The_guest_reads_the_state_it_wrote_and_the_function_is_in_it_only_where_policy_says_so(bool isAllowed, int state, long offloaded)
    {
        EmulatedFunction function = Sleeper(0x08);
        using ExclusiveFunctions functions = new([function]);
        using Bench bench = new(options: standard => standard with
        {
            FunctionSource = functions, Policies = new() { General = new() { AllowPowerStates = new(isAllowed, SettingOrigin.BuiltIn) } },
        });
        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);

        Assert.Equal(PciOpStatus.Success, frontend.Write(devfn: 0, PowerControl, size: 2, D3Hot));
        Assert.Equal((PciOpStatus.Success, 0x000Bu), frontend.Read(devfn: 0, PowerControl, size: 2));
        Assert.Equal(state, function.PowerState);

        Assert.Equal(PciOpStatus.Success, frontend.Write(devfn: 0, PowerControl, size: 2, 0));
        Assert.Equal((PciOpStatus.Success, 0x0008u), frontend.Read(devfn: 0, PowerControl, size: 2));
        Assert.Equal((0, offloaded), (function.PowerState, bench.Snapshot(7)!.ReadCounters().Offloaded));
        Assert.DoesNotContain(bench.Lines.Warnings, static line => line.Contains("denied", StringComparison.Ordinal));
    }

    // Its state belongs to its guest: the next one begins awake.
    [Fact]
    public void A_function_that_is_asleep_when_a_guest_gets_it_is_woken()
    {
        EmulatedFunction function = Sleeper(0x0B);
        using ExclusiveFunctions functions = new([function]);
        using Bench bench = new(options: standard => standard with { FunctionSource = functions });

        using SmallFrontend frontend = bench.Connect(7, Bench.HostA);

        Assert.Equal((0, (PciOpStatus.Success, 0x0008u)), (function.PowerState, frontend.Read(devfn: 0, PowerControl, size: 2)));
    }

    private static EmulatedFunction Sleeper(byte control)
    {
        byte[] bytes = new byte[256];
        BitConverter.TryWriteBytes(bytes.AsSpan(0), Bench.IdOf(Bench.HostA));
        bytes[0x0B] = 2;
        bytes[0x06] = 0x10;
        bytes[0x34] = 0x40;
        new byte[] { 0x01, 0x00, 0x03, 0xF8, control }.CopyTo(bytes, 0x40);
        return new(Bench.HostA, "test sleeper", bytes);
    }
}
