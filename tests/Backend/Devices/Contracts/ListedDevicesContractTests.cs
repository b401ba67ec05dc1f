using PciBackFlow.Backend.Devices;

namespace PciBackFlow.Backend.Tests.Devices.Contracts;

/// <summary>The tests' custody that writes down what is asked of it.</summary>
public sealed class ListedDevicesContractTests : CustodyContract
{
    private readonly ListedCustody _custody = new(First.ToString(), Second.ToString());

    public ListedDevicesContractTests() => _custody.Take(First, null, force: false);

    protected override IDeviceCustody Custody => _custody;

    protected override void Close() => _custody.Dispose();
}
