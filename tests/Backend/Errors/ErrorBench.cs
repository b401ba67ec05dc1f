using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Errors;

/// <summary>A backend whose guests have a card of two functions, and another one beside it; errors happen when a test says so.</summary>
internal sealed class ErrorBench : IDisposable
{
    /// <summary>One card.</summary>
    public static readonly PciAddress Card = new(0, 9, 0, 0);

    public static readonly PciAddress CardToo = new(0, 9, 0, 1);

    /// <summary>Below another port.</summary>
    public static readonly PciAddress Other = new(0, 10, 0, 0);

    private readonly ExclusiveFunctions _source;
    private readonly List<IDisposable> _open = [];

    public ErrorBench(ErrorRemedy remedy = ErrorRemedy.Log, ErrorTiming? timing = null, Func<EmulatedFunction, IPciFunction>? around = null)
    {
        Functions = [Build(Card), Build(CardToo), Build(Other)];
        _source = new([.. Functions.Select(function => around?.Invoke(function) ?? function)]);
        Bench = new(options: options => options with
        {
            FunctionSource = _source,
            Errors = Errors,
            ErrorTiming = timing ?? new(),
            Policies = new() { General = new() { OnError = new(remedy, SettingOrigin.BuiltIn) } },
        });
    }

    public EmulatedErrorSource Errors { get; } = new();

    public EmulatedFunction[] Functions { get; }

    public Bench Bench { get; }

    /// <summary>A connected guest with these functions.</summary>
    public SmallFrontend Connect(int domain, params PciAddress[] functions)
    {
        SmallFrontend frontend = Bench.Connect(domain, functions);
        _open.Add(frontend);
        return frontend;
    }

    /// <summary>A connected guest with these functions and drivers.</summary>
    public DriverInGuest Drive(int domain, Func<RecoveryRequest, int?> answer, params PciAddress[] functions)
    {
        DriverInGuest driver = new(Connect(domain, functions), answer);
        _open.Insert(0, driver);
        return driver;
    }

    public void Raise(PciAddress device, ErrorSeverity severity, params PciAddress[] sameLink) =>
        Errors.Raise(new(device, severity) { Bits = ["CmpltAbrt"], SameLink = sameLink });

    public DeviceErrorReport Of(PciAddress device) => Bench.Backend.Errors.Single(report => report.Device == device.ToString());

    /// <summary>Waits for the end of a number of recoveries of a device.</summary>
    public DeviceErrorReport AwaitEnd(PciAddress device, int recoveries = 1)
    {
        Bench.Eventually(
            () => Bench.Backend.Errors.Any(
                report => report.Device == device.ToString() && report.Recovered + report.Failed + report.Abandoned >= recoveries),
            $"{recoveries} recoveries of {device}");
        return Of(device);
    }

    public void Dispose()
    {
        foreach (IDisposable open in _open)
        {
            open.Dispose();
        }

        Bench.Dispose();
        _source.Dispose();
    }

    private static EmulatedFunction Build(PciAddress address) =>
        new EmulatedFunctionBuilder(0x8086, 0x10D3).Set(0x0B, 1, 2).BaseAddress(0, 0xFEB0_0000u + (address.Devfn * 0x1000u), 0x1000)
            .Capability(0x40, CapabilityId.PowerManagement, [0x03, 0, 0, 0, 0, 0]).Build(address);
}
