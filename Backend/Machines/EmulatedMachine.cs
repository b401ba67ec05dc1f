using PciBackFlow.Backend.Devices;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Backend.Machines;

/// <summary>A machine in memory: the captures that come with the program as its devices, so that everything can be tried without Xen.</summary>
public sealed class EmulatedMachine : Machine
{
    private readonly EmulatedCustody _custody = new(Functions());
    private readonly EmulatedErrorSource _errors = new();

    /// <summary>The hypervisor in memory, where guests can be made.</summary>
    public LoopbackHost Host { get; } = new();

    /// <inheritdoc/>
    public override IHypervisor Hypervisor => Host.BackendView;

    /// <inheritdoc/>
    public override IDeviceCustody Custody => _custody;

    /// <inheritdoc/>
    public override IErrorSource Errors => _errors;

    /// <inheritdoc/>
    public override bool HasXl => false;

    /// <inheritdoc/>
    public override bool OutlivesProcess => false;

    /// <inheritdoc/>
    public override string Remark => $"a machine in memory: {_custody.Held().Count} emulated devices";

    /// <inheritdoc/>
    public override void Dispose()
    {
        _errors.Dispose();
        _custody.Dispose();
    }

    private static IEnumerable<Func<IPciFunction>> Functions()
    {
        foreach (string name in BuiltinCaptures.Names)
        {
            if (BuiltinCaptures.TryLoad(name, out Capture? capture))
            {
                foreach (CapturedConfig function in capture.Functions)
                {
                    yield return () => new CapturedFunction(capture.Name, function);
                }
            }
        }
    }
}
