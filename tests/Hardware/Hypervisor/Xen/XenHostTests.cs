using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen;

namespace PciBackFlow.Hardware.Tests.Hypervisor;

public sealed class XenHostTests : IDisposable
{
    // Bit 11 of what a PV dom0 of 4.17 prints, and the same without it.
    private const string ControlFeatures = "000000000000000000000000000000000000000000002f05";
    private const string GuestFeatures = "00002705";

    private static readonly string[] ControlDomain =
    [
        "sys/hypervisor/type=xen", "sys/hypervisor/guest_type=PV", "proc/xen/capabilities=control_d", "sys/hypervisor/version/major=4",
        "sys/hypervisor/version/minor=17", "sys/hypervisor/version/extra=.7", "dev/xen/evtchn=", "dev/xen/gntdev=", "dev/xen/privcmd=", "dev/xen/xenbus=",
    ];

    private readonly string _root = Directory.CreateTempSubdirectory("xenhost").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void A_complete_pv_control_domain_has_no_problem()
    {
        Make(ControlDomain);

        var host = XenHost.Detect(_root);

        Assert.Equal((XenHostKind.ControlPv, "4.17.7"), (host.Kind, host.Version));
        Assert.Empty(host.Problems);
        host.ThrowIfUnusable();
    }

    [Theory] // what is there; what it is, the problem's name
    [InlineData("", XenHostKind.None, "no-xen")]
    [InlineData("sys/hypervisor/type=kvm", XenHostKind.None, "no-xen")]
    [InlineData("sys/hypervisor/type=xen|sys/hypervisor/guest_type=PV", XenHostKind.Guest, "not-control-domain")]
    [InlineData("sys/hypervisor/type=xen|sys/hypervisor/guest_type=HVM|proc/xen/capabilities=", XenHostKind.Guest, "not-control-domain")]
    [InlineData("sys/hypervisor/type=xen|sys/hypervisor/properties/features=" + GuestFeatures, XenHostKind.Guest, "not-control-domain")]
    [InlineData("sys/hypervisor/type=xen|sys/hypervisor/properties/features=nonsense", XenHostKind.Guest, "not-control-domain")]
    [InlineData("sys/hypervisor/type=xen|sys/hypervisor/guest_type=PVH|proc/xen/capabilities=control_d", XenHostKind.ControlPvh, "pvh-control-domain")]
    [InlineData("sys/hypervisor/type=xen|sys/hypervisor/guest_type=HVM|proc/xen/capabilities=control_d", XenHostKind.ControlPvh, "pvh-control-domain")]
    [InlineData(
        "sys/hypervisor/type=xen|sys/hypervisor/guest_type=PVH|sys/hypervisor/properties/features=" + ControlFeatures,
        XenHostKind.ControlPvh, "pvh-control-domain")]
    public void A_kernel_that_can_not_serve_is_refused_with_the_reason(string files, XenHostKind kind, string problem)
    {
        Make(files.Split('|', StringSplitOptions.RemoveEmptyEntries));

        var host = XenHost.Detect(_root);

        Assert.Equal(kind, host.Kind);
        Assert.Equal([problem], host.Problems.Select(p => p.Name));
        HypervisorException refused = Assert.Throws<HypervisorException>(host.ThrowIfUnusable);
        Assert.Contains(host.Problems[0].Remedy, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_control_domain_is_known_without_xenfs()
    {
        Make([.. ControlDomain.Where(f => !f.StartsWith("proc", StringComparison.Ordinal)), "sys/hypervisor/properties/features=00002f05"]);

        Assert.Equal(XenHostKind.ControlPv, XenHost.Detect(_root).Kind);
    }

    [Theory]
    [InlineData("dev/xen/evtchn", "xen-evtchn")]
    [InlineData("dev/xen/gntdev", "xen-gntdev")]
    [InlineData("dev/xen/privcmd", "xen-privcmd")]
    [InlineData("dev/xen/xenbus", "xenstored")]
    public void A_missing_device_names_what_makes_it(string path, string maker)
    {
        Make([.. ControlDomain.Where(f => !f.StartsWith(path, StringComparison.Ordinal))]);

        XenHostProblem problem = Assert.Single(XenHost.Detect(_root).Problems);

        Assert.Equal("missing-device", problem.Name);
        Assert.Contains(path, problem.Message, StringComparison.Ordinal);
        Assert.Contains(maker, problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void The_stores_socket_stands_in_for_its_device()
    {
        Make([.. ControlDomain.Where(f => !f.StartsWith("dev/xen/xenbus", StringComparison.Ordinal)), "run/xenstored/socket="]);

        Assert.Empty(XenHost.Detect(_root).Problems);
    }

    [Theory]
    [InlineData("sys/bus/xen-backend/drivers/pciback/uevent=")]
    [InlineData("sys/bus/pci/drivers/pciback/slots=")]
    [InlineData("sys/bus/pci/drivers/pciback/slots=|sys/bus/xen-backend/drivers/pciback/uevent=")]
    public void The_kernels_own_backend_is_refused_with_the_remedy(string files)
    {
        Make([.. ControlDomain, .. files.Split('|')]);

        XenHostProblem problem = Assert.Single(XenHost.Detect(_root).Problems);

        Assert.Equal("kernel-backend", problem.Name);
        Assert.Contains("modprobe -r xen-pciback", problem.Remedy, StringComparison.Ordinal);
    }

    private void Make(string[] files)
    {
        foreach (string file in files)
        {
            int equals = file.IndexOf('=', StringComparison.Ordinal);
            string path = Path.Combine(_root, file[..equals]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, file[(equals + 1)..] + "\n");
        }
    }
}
