using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Captures;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// A machine in memory: the captures that come with the program as its devices, and two Linux guests, so that everything can be tried without Xen.
/// </summary>
internal sealed class LoopbackMachine : DaemonPlatform
{
    private static readonly string[] GuestNames = ["demo1", "demo2"];

    private readonly LoopbackHost _host = new();
    private readonly EmulatedCustody _custody = new(Functions());
    private readonly List<RunningGuest> _guests = [];

    public override IHypervisor Hypervisor => _host.BackendView;

    public override IDeviceCustody Custody => _custody;

    public override string Remark => $"a machine in memory: {_custody.Held().Count} emulated devices, guests {string.Join(" and ", GuestNames)}";

    public override void Started()
    {
        foreach (string name in GuestNames)
        {
            _guests.Add(new RunningGuest(_host, _guests.Count + 1, name));
        }
    }

    public override void Dispose()
    {
        _guests.ForEach(guest => guest.Dispose());
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
