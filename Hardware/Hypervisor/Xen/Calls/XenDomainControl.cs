using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>
/// Xen's domain-control hypercalls. They go to the hypervisor by its own interface version rather than through libxenctrl: that library's name and
/// calls change with every release and need not be those of the Xen that was booted, while the structures used here have not changed since 4.17
/// (<see cref="XenInterface"/>), and Xen itself refuses a version that is not its own. Thread-safe.
/// </summary>
public sealed class XenDomainControl : IDomainControl
{
    // What the buffer of one call holds; a longer list takes more calls.
    private const int DomainsAtOnce = 32;
    private const int GroupAtOnce = 1024;

    // XEN_DOMCTL_DEV_RDM_RELAXED
    private const uint RelaxedReservedMemory = 1;

    // The last function of the last segment: firmware numbers segments from 0, and Linux those of its own above 16 bits.
    private const int NowhereBus = unchecked((int)0xFFFF_00FF);
    private const int NowhereDevfn = 0xFF;

    private readonly IHypercalls _xen;
    private readonly XenInterface _interface;

    private XenDomainControl(IHypercalls xen, XenInterface release, bool canAssign)
    {
        _xen = xen;
        _interface = release;
        CanAssignDevices = canAssign;
    }

    /// <inheritdoc/>
    public string Version => _interface.ToString();

    /// <inheritdoc/>
    public bool CanAssignDevices { get; }

    /// <inheritdoc/>
    /// <remarks>
    /// No call tells it: physinfo has no such capability, and what Xen printed at boot ("Interrupt remapping enabled") may have left its console ring. But
    /// several MSI vectors need it, and Xen looks for that before it looks for the function (allocate_pirq, then map_domain_pirq, xen/arch/x86/irq.c, the same
    /// from 4.17 to 4.22). So two are asked for, for this domain itself and a function that is nowhere: nothing is mapped, and what was taken for it is free
    /// again when the call returns.
    /// </remarks>
    public bool? RemapsInterrupts()
    {
        var map = new MapPirqArgument
        {
            Domain = HypercallNumbers.Self,
            Type = HypercallNumbers.TypeMultiMsi,
            Index = -1,
            Pirq = -1,
            Bus = NowhereBus,
            Devfn = NowhereDevfn,
            EntryNumber = 2,
        };
        int result = _xen.Physdev(HypercallNumbers.MapPirq, MemoryMarshal.AsBytes(new Span<MapPirqArgument>(ref map)));
        if (result >= 0)
        {
            // There is one after all, and it has as many.
            var unmap = new UnmapPirqArgument { Domain = HypercallNumbers.Self, Pirq = map.Pirq };
            ThrowIfRefused(
                _xen.Physdev(HypercallNumbers.UnmapPirq, MemoryMarshal.AsBytes(new Span<UnmapPirqArgument>(ref unmap))), $"unmap pirq {map.Pirq} again");
            return true;
        }

        return (Errno)(-result) switch
        {
            Errno.EOPNOTSUPP => false,

            // Past that check: there is no such function; or no two numbers in a row are free.
            Errno.ENODEV or Errno.ENOSPC => true,

            // Before it: no vector is free (EINVAL), or a security module forbids the call.
            _ => null,
        };
    }

    /// <summary>Opens <c>/dev/xen/privcmd</c> through libxencall and makes sure that this Xen is known and obeys.</summary>
    /// <returns>The hypercalls.</returns>
    /// <exception cref="HypervisorException">ENOENT: the library or the device is missing; EACCES: an unknown release of Xen;
    /// EPERM: no control domain.</exception>
    public static XenDomainControl Open() => Open(XenCall.Open());

    internal static XenDomainControl Open(IHypercalls xen)
    {
        try
        {
            int version = xen.Version();
            if (version < 0)
            {
                throw new HypervisorException((Errno)(-version), "can't ask Xen for its version");
            }

            var release = XenInterface.Of(version >> 16, version & 0xFFFF);
            var physical = new SysctlArgument { Command = HypercallNumbers.PhysInfo, InterfaceVersion = release.Sysctl };
            int result = xen.Control(HypercallNumbers.Sysctl, MemoryMarshal.AsBytes(new Span<SysctlArgument>(ref physical)));
            if (result < 0)
            {
                throw new HypervisorException((Errno)(-result), $"Xen {release} refuses sysctl 0x{release.Sysctl:x}{Hint(result)}");
            }

            var opened = new XenDomainControl(xen, release, (physical.Capabilities & SysctlArgument.DirectIo) != 0);
            _ = opened.Find(0);
            return opened;
        }
        catch
        {
            xen.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public DomainInfo? Find(int domainId)
    {
        if (domainId is < 0 or > ushort.MaxValue)
        {
            return null;
        }

        DomctlArgument control = Control(HypercallNumbers.GetDomainInfo, domainId);
        int result = Invoke(ref control);
        if ((Errno)(-result) is Errno.ESRCH or Errno.EINVAL)
        {
            return null;
        }

        ThrowIfRefused(result, $"look domain {domainId} up");
        DomainInfo found = DomainInfoRecord.Read(Bytes(ref control)[DomctlArgument.UnionAt..]);

        // Xen 4.17 answers with the next higher one when there is none of that id.
        return found.DomainId == domainId ? found : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<DomainInfo> List()
    {
        List<DomainInfo> domains = [];
        Span<byte> records = new byte[DomainsAtOnce * DomainInfoRecord.Size];
        uint count;
        do
        {
            var list = new SysctlArgument
            {
                Command = HypercallNumbers.GetDomainInfoList,
                InterfaceVersion = _interface.Sysctl,
                FirstDomain = (ushort)(domains.Count == 0 ? 0 : domains[^1].DomainId + 1),
                ListCapacity = DomainsAtOnce,
            };
            int result = _xen.Control(
                HypercallNumbers.Sysctl, MemoryMarshal.AsBytes(new Span<SysctlArgument>(ref list)), SysctlArgument.ListBufferAt, records);
            ThrowIfRefused(result, "list the domains");
            count = Math.Min(list.ListCount, DomainsAtOnce);
            for (int i = 0; i < count; i++)
            {
                domains.Add(DomainInfoRecord.Read(records.Slice(i * DomainInfoRecord.Size, DomainInfoRecord.Size)));
            }
        }
        while (count == DomainsAtOnce);

        return domains;
    }

    /// <inheritdoc/>
    public void Assign(int domainId, PciAddress function, bool relaxed)
    {
        DomctlArgument control = Control(HypercallNumbers.AssignDevice, domainId);
        control.AssignFlags = relaxed ? RelaxedReservedMemory : 0;
        control.AssignFunction = NumberOf(function);
        int result = Invoke(ref control);
        if (result < 0)
        {
            string hint = (Errno)(-result) switch
            {
                Errno.EOPNOTSUPP when CanAssignDevices => ": the domain was created without passthrough; create it again with passthrough=\"enabled\"",
                Errno.EOPNOTSUPP or Errno.ENOSYS => ": no IOMMU is in use",
                Errno.EBUSY => ": it belongs to a guest already",
                Errno.ENODEV => ": Xen doesn't know the function",
                Errno.EPERM => ": it shares reserved memory with another function (rdm_policy=relaxed accepts that)",
                _ => Hint(result),
            };
            throw new HypervisorException((Errno)(-result), $"can't assign {function} to domain {domainId}{hint}");
        }
    }

    /// <inheritdoc/>
    public void Deassign(int domainId, PciAddress function)
    {
        DomctlArgument control = Control(HypercallNumbers.DeassignDevice, domainId);
        control.AssignFunction = NumberOf(function);
        ThrowIfRefused(Invoke(ref control), $"take {function} from domain {domainId}");
    }

    /// <inheritdoc/>
    public bool IsAssignedToGuest(PciAddress function)
    {
        DomctlArgument control = Control(HypercallNumbers.TestAssignDevice, HypercallNumbers.InvalidDomain);
        control.AssignFunction = NumberOf(function);
        int result = Invoke(ref control);
        switch ((Errno)(-result))
        {
            case Errno.EINVAL:
                return true;
            case Errno.EOPNOTSUPP or Errno.ENOSYS:
                return false;
            default:
                ThrowIfRefused(result, $"ask whose {function} is");
                return false;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<PciAddress> GroupOf(int domainId, PciAddress function)
    {
        DomctlArgument control = Control(HypercallNumbers.GetDeviceGroup, domainId);
        control.GroupFunction = NumberOf(function);
        control.GroupCapacity = GroupAtOnce;
        Span<byte> members = new byte[GroupAtOnce * sizeof(uint)];
        int result = _xen.Control(HypercallNumbers.Domctl, Bytes(ref control), DomctlArgument.GroupBufferAt, members);
        if ((Errno)(-result) is Errno.EOPNOTSUPP or Errno.ENOSYS or Errno.ENODEV)
        {
            return [];
        }

        ThrowIfRefused(result, $"ask for the group of {function}");

        // Xen leaves the function itself out, and gives bus << 16 | devfn << 8 (iommu_get_device_group), within the function's segment.
        List<PciAddress> group = [function];
        foreach (uint member in MemoryMarshal.Cast<byte, uint>(members)[..(int)Math.Min(control.GroupCount, GroupAtOnce)])
        {
            group.Add(PciAddress.FromDevfn(function.Domain, (byte)(member >> 16), (byte)(member >> 8)));
        }

        return group;
    }

    /// <inheritdoc/>
    public void AllowMemory(int domainId, ulong firstFrame, ulong frames, bool allow)
    {
        if (frames == 0)
        {
            throw new HypervisorException(Errno.EINVAL, $"no frames from 0x{firstFrame:x}");
        }

        DomctlArgument control = Control(HypercallNumbers.IomemPermission, domainId);
        control.FirstFrame = firstFrame;
        control.Frames = frames;
        control.FramesAllowed = allow ? (byte)1 : (byte)0;
        ThrowIfRefused(Invoke(ref control), $"{Verb(allow)} domain {domainId} frames 0x{firstFrame:x}+0x{frames:x}");
    }

    /// <inheritdoc/>
    public void AllowPorts(int domainId, uint firstPort, uint ports, bool allow)
    {
        DomctlArgument control = Control(HypercallNumbers.IoportPermission, domainId);
        control.FirstPort = firstPort;
        control.Ports = ports;
        control.PortsAllowed = allow ? (byte)1 : (byte)0;
        ThrowIfRefused(Invoke(ref control), $"{Verb(allow)} domain {domainId} ports 0x{firstPort:x}+0x{ports:x}");
    }

    /// <inheritdoc/>
    public void AllowInterrupt(int domainId, int pirq, bool allow)
    {
        DomctlArgument control = Control(HypercallNumbers.IrqPermission, domainId);
        control.Pirq = (uint)pirq;
        control.PirqAllowed = allow ? (byte)1 : (byte)0;
        ThrowIfRefused(Invoke(ref control), $"{Verb(allow)} domain {domainId} interrupt {pirq}");
    }

    /// <inheritdoc/>
    public void Pause(int domainId)
    {
        DomctlArgument control = Control(HypercallNumbers.PauseDomain, domainId);
        ThrowIfRefused(Invoke(ref control), $"pause domain {domainId}");
    }

    /// <inheritdoc/>
    public void Unpause(int domainId)
    {
        DomctlArgument control = Control(HypercallNumbers.UnpauseDomain, domainId);
        ThrowIfRefused(Invoke(ref control), $"unpause domain {domainId}");
    }

    /// <inheritdoc/>
    public void Crash(int domainId)
    {
        // struct sched_remote_shutdown has 16 bits for the id: another number would stop another domain.
        if ((uint)domainId >= HypercallNumbers.Self)
        {
            throw new HypervisorException(Errno.ESRCH, $"there is no domain {domainId}");
        }

        var shutdown = new RemoteShutdownArgument { Domain = (ushort)domainId, Reason = HypercallNumbers.Crashed };
        ThrowIfRefused(
            _xen.Sched(HypercallNumbers.RemoteShutdown, MemoryMarshal.AsBytes(new Span<RemoteShutdownArgument>(ref shutdown))), $"crash domain {domainId}");
    }

    /// <inheritdoc/>
    public void Dispose() => _xen.Dispose();

    private static string Verb(bool allow) => allow ? "allow" : "forbid";

    private static Span<byte> Bytes(ref DomctlArgument control) => MemoryMarshal.AsBytes(new Span<DomctlArgument>(ref control));

    /// <summary>segment &lt;&lt; 16 | bus &lt;&lt; 8 | devfn, as Xen numbers functions.</summary>
    private static uint NumberOf(PciAddress function) => function.Domain <= ushort.MaxValue
        ? (function.Domain << 16) | ((uint)function.Bus << 8) | function.Devfn
        : throw new HypervisorException(Errno.ENODEV, $"Xen can't name {function}: its segments have 16 bits");

    private static string Hint(int result) => (Errno)(-result) switch
    {
        Errno.ESRCH => ": there is no such domain",
        Errno.EACCES => ": its interface has another version than this release of Xen had",
        Errno.EPERM => ": this domain does not control others, or does not have it itself",
        _ => "",
    };

    private static void ThrowIfRefused(int result, string what)
    {
        if (result < 0)
        {
            throw new HypervisorException((Errno)(-result), $"can't {what}{Hint(result)}");
        }
    }

    private DomctlArgument Control(uint command, int domainId) => new()
    {
        Command = command,
        InterfaceVersion = _interface.Domctl,
        Domain = domainId is >= 0 and <= ushort.MaxValue ? (ushort)domainId : throw new HypervisorException(Errno.ESRCH, $"domain {domainId} can't exist"),
    };

    private int Invoke(ref DomctlArgument control) => _xen.Control(HypercallNumbers.Domctl, Bytes(ref control));
}
