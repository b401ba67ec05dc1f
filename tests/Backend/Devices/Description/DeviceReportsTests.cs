using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Description;

public sealed class DeviceReportsTests
{
    [Fact]
    public void Two_functions_on_one_line_speak_against_each_other_while_the_host_has_both()
    {
        using var host = new FakeHost();
        host.AddNic("00:04.0");
        host.AddNic("00:05.0").With("irq", "21").Gsi = 21;
        using var custody = DeviceCustody.Open(host.Options());

        Assert.Equal(["interrupt line 21 is shared with 0000:00:05.0 (e1000e)", "interrupt line 21 is shared with 0000:00:04.0 (e1000e)"], Reasons());
        custody.Take(PciAddress.Parse("00:05.0"), null, force: true);
        Assert.Equal(["interrupt line 21 is shared with 0000:00:04.0 (e1000e)"], Reasons());
        custody.Take(PciAddress.Parse("00:04.0"), null, force: false);
        Assert.Empty(Reasons());

        string[] Reasons()
        {
            HostSnapshot snapshot = host.Snapshot();
            DeviceReport[] rows = [.. snapshot.Functions.Select(function => DeviceReports.Of(function, snapshot, []))];
            Assert.All(rows, row => Assert.Equal(row.Reasons.Count == 0, row.Assignable));
            return [.. rows.SelectMany(row => row.Reasons).Select(static reason => reason[..reason.IndexOf(": whoever", StringComparison.Ordinal)])];
        }
    }
}
