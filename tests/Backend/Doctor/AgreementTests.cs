using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Doctor;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Xen;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Doctor;

/// <summary>What doctor says of a device before it is taken is what taking it says, for every refusal there is.</summary>
public sealed class AgreementTests
{
    private const string Nic = "0000:00:04.0";

    private static readonly PciAddress Other = PciAddress.Parse("00:05.0");

    // For each code a host on which it is found, and the device that it is found of.
    private static readonly Dictionary<string, (LoopbackPlatform? Platform, Func<FakeHost, string> Make)> Hosts = new()
    {
        ["gone"] = (null, static host => Named(host.AddNic(Nic).Pull())),
        ["segment"] = (null, static host => Named(host.AddNic("10000:00:04.0"))),
        ["header"] = (null, static host => Named(host.AddNic(Nic).Edit(static config => config[0x0E] = 0x02))),
        ["owned"] = (null, static host =>
        {
            host.AddNic(Nic);
            host.Xen.CreateDomain(7);
            host.Domains.Assign(7, PciAddress.Parse(Nic), relaxed: false);
            return Nic;
        }),
        ["held-functions"] = (null, static host =>
        {
            host.AddNic(Nic);
            host.AddNic("00:04.1", driver: null).With("driver_override", HostSnapshot.SetAside);
            host.MakeVirtual("00:04.1", Nic, 0);
            return Nic;
        }),
        ["physical-function"] = (null, static host =>
        {
            host.AddNic(Nic).Command = 0;
            host.AddNic("00:04.1", driver: null);
            host.MakeVirtual("00:04.1", Nic, 0);
            return "0000:00:04.1";
        }),
        ["bridge"] = (null, static host => Named(host.AddPort("00:1c.0"))),
        ["chipset"] = (null, static host => Named(host.AddNic(Nic).Edit(static config => config[0x0B] = 0x06).With("class", "0x060100"))),
        ["in-use"] = (null, static host => Named(host.AddNic(Nic).With("boot_vga", "1"))),
        ["virtual-functions"] = (null, static host =>
        {
            host.AddNic(Nic);
            host.AddNic("00:04.1", driver: null);
            host.MakeVirtual("00:04.1", Nic, 0);
            return Nic;
        }),
        ["physical-function-held"] = (null, static host =>
        {
            host.AddNic("00:05.0", driver: null).With("driver_override", HostSnapshot.SetAside).Command = 0x0006;
            host.AddNic(Nic);
            host.MakeVirtual(Nic, "00:05.0", 0);
            return Nic;
        }),
        ["siblings"] = (null, static host =>
        {
            host.AddNic("00:04.1");
            return Named(host.AddNic(Nic));
        }),
        ["iommu-group"] = (new() { Groups = static function => [PciAddress.Parse(Nic), Other] }, static host =>
        {
            host.AddNic("00:05.0");
            return Named(host.AddNic(Nic));
        }),
        ["shared-page"] = (null, static host =>
        {
            host.AddNic("00:05.0").Resources((0xf800_0900, 0x100, 0x40200));
            return Named(host.AddNic(Nic).Resources((0xf800_0800, 0x100, 0x40200)));
        }),
        ["no-iommu"] = (new() { HasIommu = false }, static host => Named(host.AddNic(Nic))),
        ["no-interrupt-remapping"] = (new() { HasInterruptRemapping = false }, static host => Named(host.AddNic(Nic))),
        ["unknown-interrupt-remapping"] = (null, static host => Named(host.AddNic(Nic))),
        ["shared-line"] = (null, static host =>
        {
            host.AddNic("00:05.0").With("irq", "22");
            return Named(host.AddNic(Nic).With("irq", "22"));
        }),
        ["no-reset"] = (null, static host =>
        {
            FakeDevice nic = host.AddNic(Nic);
            File.Delete(nic.Path("reset"));
            File.Delete(nic.Path("reset_method"));
            return Nic;
        }),
    };

    public static TheoryData<string> Codes => [.. Hosts.Keys];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Doctor_says_what_taking_the_device_would_say(string code)
    {
        using FakeHost host = new(Hosts[code].Platform);
        string device = Hosts[code].Make(host);
        var address = PciAddress.Parse(device);
        IDomainControl domains = host.Domains;
        if (code == "unknown-interrupt-remapping")
        {
            var silent = AskedDomains.Around(domains);
            silent.HidesRemapping = true;
            domains = silent.Domains;
        }

        DoctorReport report = Diagnosis.Of(
            new Examination
            {
                Bus = host.Bus,
                Proc = host.Folder("proc"),
                Domains = domains,
                Xen = new(XenHostKind.ControlPv, "4.20.0", []),
                Library = "/usr/lib/libxencall.so.1.3",
                RunDirectory = host.Folder("run"),
                StateDirectory = host.Folder("state"),
            },
            address);

        using var custody = DeviceCustody.Open(host.Options() with { Domains = domains });
        string[] codes = [.. RefusalTable.Rules.Select(static rule => rule.Code)];
        Finding[] findings =
            [.. report.Findings.Where(finding => finding.Device == device && codes.Contains(finding.Code) && finding.Severity > FindingSeverity.Ok)];
        Assert.Contains(findings, finding => finding.Code == code);
        Assert.All(findings, finding => Assert.NotEmpty(finding.Evidence));
        Assert.Equal(
            findings.Select(static finding => (finding.Code, finding.Reason)).Order(),
            custody.Assess(address).Refusals.Select(static refusal => (refusal.Code, refusal.Text)).Order());

        host.Happened.Clear();
        (string said, bool isTaken) = Take(custody, address);
        Assert.Equal(findings.Any(static finding => finding.Severity == FindingSeverity.Refusal), !isTaken);
        Assert.All(
            findings.Where(finding => isTaken || finding.Severity == FindingSeverity.Refusal),
            finding => Assert.Contains(finding.Reason, said, StringComparison.Ordinal));
        Assert.Equal(isTaken, host.Happened.Count > 0);
        Assert.Equal(isTaken ? "ok" : "refused", report.Verdict);
    }

    [Fact]
    public void No_refusal_is_left_out()
    {
        // The one that is only asked when a device is handed on: HandingOnTests.
        Assert.Equal(RefusalTable.Rules.Select(static rule => rule.Code).Except([RefusalTable.FormerGuest]).Order(), Hosts.Keys.Order());
    }

    private static (string Said, bool IsTaken) Take(DeviceCustody custody, PciAddress address)
    {
        try
        {
            HeldDevice held = custody.Take(address, name: null, force: false);
            return (string.Join("; ", held.Warnings), true);
        }
        catch (BackendException refused)
        {
            return (refused.Message, false);
        }
    }

    private static string Named(FakeDevice device) => device.Address.ToString();
}
