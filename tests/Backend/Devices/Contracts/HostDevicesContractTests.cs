using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;

namespace PciBackFlow.Backend.Tests.Devices.Contracts;

/// <summary>The custody of a host's devices, over sysfs and a loopback Xen.</summary>
public sealed class HostDevicesContractTests : CustodyContract
{
    private readonly FakeHost _host = new();
    private readonly DeviceCustody _custody;

    public HostDevicesContractTests()
    {
        _host.AddNic(First.ToString());
        _host.AddNic(Second.ToString());
        _custody = _host.Open();
        _custody.Take(First, null, force: false);
        _custody.Take(Second, null, force: false);
    }

    protected override IDeviceCustody Custody => _custody;

    protected override void Close()
    {
        _custody.Dispose();
        _host.Dispose();
    }
}
