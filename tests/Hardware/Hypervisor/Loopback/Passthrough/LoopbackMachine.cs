using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Passthrough;

/// <summary>A machine of two functions and two guests, with domain 0's descriptors.</summary>
public abstract class LoopbackMachine
{
    protected const ulong TableBase = 0xFEBC_0000;
    protected static readonly PciAddress Nic = new(0, 0, 4, 0);
    protected static readonly PciAddress Disk = new(0, 0, 5, 0);
    protected static readonly PciAddress Unknown = new(0, 0, 0x1E, 7);

    protected LoopbackMachine()
    {
        Guest = Host.CreateDomain(5);
        Host.CreateDomain(6);
        Physdev = Host.BackendView.OpenPhysdev();
        Control = Host.BackendView.OpenDomainControl();
    }

    protected LoopbackHost Host { get; } = new(new LoopbackPlatform { KnownFunctions = new HashSet<PciAddress> { Nic, Disk } });

    protected IPhysdev Physdev { get; }

    protected IDomainControl Control { get; }

    /// <summary>Domain 5; the other is 6.</summary>
    protected LoopbackDomain Guest { get; }

    protected LoopbackPassthrough Passthrough => Host.Passthrough;

    /// <summary>Gives the NIC to domain 5 and maps its first MSI-X entries.</summary>
    protected int[] MapEntries(int count)
    {
        Physdev.PrepareMsix(Nic);
        Control.Assign(5, Nic, relaxed: false);
        return [.. Enumerable.Range(0, count).Select(entry => Physdev.MapMessage(5, Nic, entry, TableBase))];
    }
}
