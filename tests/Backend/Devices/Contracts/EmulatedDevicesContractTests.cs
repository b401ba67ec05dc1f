using PciBackFlow.Backend.Devices;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Devices.Contracts;

/// <summary>The custody of a machine in memory.</summary>
public sealed class EmulatedDevicesContractTests : CustodyContract
{
    private readonly EmulatedCustody _custody = new([() => Nic(First), () => Nic(Second)]);

    protected override IDeviceCustody Custody => _custody;

    protected override void Close() => _custody.Dispose();

    private static EmulatedFunction Nic(PciAddress address) => new EmulatedFunctionBuilder(0x8086, 0x10D3).BaseAddress(0, 0xF000_0000, 0x2_0000).Build(address);
}
