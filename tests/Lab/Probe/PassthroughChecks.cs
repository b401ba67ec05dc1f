using System.Globalization;
using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;
using PciBackFlow.Pci.Sysfs;

namespace PciBackFlow.LabProbe;

/// <summary>The passthrough contract against the hypervisor itself, with a guest and a function that the scenario gives.</summary>
internal static class PassthroughChecks
{
    // Nothing is ever there in the lab's machines.
    private static readonly PciAddress Nothing = new(0, 0, 0x1E, 7);

    /// <summary>Runs all of it.</summary>
    /// <param name="report">Where each check is said.</param>
    /// <param name="guest">A PV guest without devices, created with passthrough; it may be paused.</param>
    /// <param name="function">A function with MSI and three MSI-X entries that no driver has, enabled, decoding memory.</param>
    /// <param name="tableBase">Where the BAR with its MSI-X table starts, in hexadecimal with 0x.</param>
    /// <param name="line">Its line.</param>
    public static void Run(Report report, string guest, string function, string tableBase, string line)
    {
        var hypervisor = new XenHypervisor();
        using IPhysdev physdev = hypervisor.OpenPhysdev();
        using IDomainControl domains = hypervisor.OpenDomainControl();
        Console.WriteLine($"Xen {domains.Version}, devices can be assigned: {domains.CanAssignDevices}");
        var host = XenHost.Detect();
        Console.WriteLine($"{host.Kind} {host.Version} {string.Join("; ", host.Problems)}");
        foreach (DomainInfo domain in domains.List())
        {
            Console.WriteLine(domain);
        }

        PciAddress address = PciAddress.TryParse(function, out PciAddress parsed) ? parsed : throw new FormatException($"{function} is no function's address");
        var subject = new PassthroughSubject(
            physdev,
            domains,
            int.Parse(guest, CultureInfo.InvariantCulture),
            address,
            ulong.Parse(tableBase.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            int.Parse(line, CultureInfo.InvariantCulture),
            Nothing,
            MessagesOf(address));
        Console.WriteLine($"{address} can send {subject.Messages} MSI messages");
        foreach (ContractCheck<PassthroughSubject> check in PassthroughContract.Checks)
        {
            report.Run($"passthrough: {check.Name}", () => check.Run(subject));
        }
    }

    private static int MessagesOf(PciAddress address)
    {
        using var registers = SysfsFunction.Open(address, writable: false);
        return CapabilityWalk.Read(registers).TryFind(CapabilityId.Msi, out PciCapability msi)
            && registers.TryRead(msi.Offset + MsiRegisters.Control, 2, out uint control)
            ? 1 << (int)((control & MsiRegisters.MultipleMessageCapable) >> 1)
            : throw new InvalidDataException($"{address} has no MSI capability that can be read");
    }
}
