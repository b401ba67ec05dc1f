using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>As many functions of one guest as there are workers hang in an operation: what other guests ask of the workers goes on.</summary>
public sealed class HungOperationTests
{
    private const int CommandRegister = 4;
    private const uint MemoryDecode = 2;
    private const int PowerControl = 0x44;
    private const uint D0 = 0;
    private const uint D3Hot = 3;

    [Fact]
    public void Four_hung_operations_of_one_guest_stop_nobody_and_the_log_names_each_function_once()
    {
        EmulatedFunction[] bad = [.. Enumerable.Range(0, 4).Select(static function => Device(new(0, 0x20, 0, (byte)function)))];
        EmulatedFunction good = Device(Bench.HostB);
        using ExclusiveFunctions functions = new([.. bad, good]);
        using Bench bench = new(options: standard => standard with
        {
            FunctionSource = functions, Shards = 1, Policies = new() { General = new() { AllowPowerStates = new(true, SettingOrigin.BuiltIn) } },
        });
        using SmallFrontend one = bench.Connect(7, [.. bad.Select(static function => function.Address)]);
        using SmallFrontend two = bench.Connect(8, Bench.HostB);
        foreach (EmulatedFunction function in bad)
        {
            function.Faults.Inject(FaultKind.Hangs);
        }

        for (uint function = 0; function < 4; function++)
        {
            Assert.Equal(PciOpStatus.OperationFailed, one.Write(devfn: function, PowerControl, size: 2, D3Hot));

            // There is a worker left each time, however many hang already.
            Assert.Equal(PciOpStatus.Success, two.Write(devfn: 0, PowerControl, size: 2, D3Hot));
            Assert.Equal(PciOpStatus.Success, two.Write(devfn: 0, PowerControl, size: 2, D0));
        }

        Assert.Equal(4, bad.Sum(static function => function.Faults.Hanging));
        Assert.Equal(PciOpStatus.Success, two.Write(devfn: 0, CommandRegister, size: 2, MemoryDecode));
        Bench.Eventually(() => bench.Backend.Engine.ReadCounters().ReplacedWorkers == 4, "every worker that hung is replaced");

        // Asked again it fails at once, and costs no further thread.
        Assert.Equal(PciOpStatus.OperationFailed, one.Write(devfn: 0, PowerControl, size: 2, D3Hot));
        Assert.Equal(4, bench.Backend.Engine.ReadCounters().ReplacedWorkers);
        Bench.Eventually(() => HangLines(bench).Count() == 4, "each function is named");
        Assert.All(HangLines(bench), static line => Assert.StartsWith("domain 7: 0000:20:00.", line, StringComparison.Ordinal));
        Assert.Equal(4, HangLines(bench).Distinct().Count());

        foreach (EmulatedFunction function in bad)
        {
            function.Faults.Release();
        }

        Bench.Eventually(() => bad.Sum(static function => function.Faults.Hanging) == 0, "they come back");
        Bench.Eventually(() => one.Write(devfn: 0, PowerControl, size: 2, D0) == PciOpStatus.Success, "the function serves its guest again");
    }

    private static IEnumerable<string> HangLines(Bench bench) => bench.Lines.Warnings.Where(static line => line.Contains(" hangs: ", StringComparison.Ordinal));

    private static EmulatedFunction Device(PciAddress address)
    {
        byte[] bytes = new byte[256];
        BitConverter.TryWriteBytes(bytes.AsSpan(0), Bench.IdOf(address));
        bytes[0x0B] = 2;
        bytes[0x06] = 0x10;
        bytes[0x34] = 0x40;
        new byte[] { 0x01, 0x00, 0x03, 0xF8 }.CopyTo(bytes, 0x40);
        return new(address, $"test {address}", bytes);
    }
}
