using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Cli.Devices;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Cli.Tests.Devices;

public sealed class DeviceRowsTests
{
    [Fact]
    public void Two_functions_on_one_line_explain_each_other_whoever_has_them()
    {
        using var host = new FakeHost();
        host.AddNic("00:04.0");
        host.AddNic("00:05.0").With("irq", "21").Gsi = 21;
        using var custody = DeviceCustody.Open(host.Options());

        Assert.Equal(
            ["interrupt line 21 is shared with 0000:00:05.0 (e1000e)", "interrupt line 21 is shared with 0000:00:04.0 (e1000e)"], Warnings());
        custody.Take(PciAddress.Parse("00:05.0"), null, force: false);
        Assert.Equal(
            ["interrupt line 21 is shared with 0000:00:05.0, which is held for guests", "interrupt line 21 is shared with 0000:00:04.0 (e1000e)"], Warnings());
        custody.Take(PciAddress.Parse("00:04.0"), null, force: false);
        Assert.Equal(
            [
                "interrupt line 21 is shared with 0000:00:05.0, which is held for guests",
                "interrupt line 21 is shared with 0000:00:04.0, which is held for guests",
            ],
            Warnings());

        string[] Warnings()
        {
            HostSnapshot snapshot = host.Snapshot();
            DeviceRow[] rows = snapshot.Functions.Select(function => DeviceRows.Of(function, snapshot, PciIds.Installed)).ToArray();
            Assert.All(rows, row => Assert.True(row.Assignable));
            return [.. rows.SelectMany(row => row.Warnings)];
        }
    }
}
