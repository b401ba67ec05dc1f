using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Tests.Attaching;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Devices.Contracts;

/// <summary>The custody that the toolstack's tests hold up and let fail at will.</summary>
public sealed class SmallCustodyContractTests : CustodyContract
{
    private readonly SmallCustody _custody = new(
        [new EmulatedFunctionBuilder(0x8086, 0x10D3).Build(First), new EmulatedFunctionBuilder(0x8086, 0x10D3).Build(Second)], static _ => { });

    protected override IDeviceCustody Custody => _custody;

    protected override void Close() => _custody.Dispose();
}
