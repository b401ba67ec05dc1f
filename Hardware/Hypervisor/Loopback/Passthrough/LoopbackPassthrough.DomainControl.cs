using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;

/// <content>Who has which device, and what it may reach, as domain 0 says through <see cref="IDomainControl"/>.</content>
public sealed partial class LoopbackPassthrough
{
    // MAX_IOPORTS in xen/arch/x86/include/asm/config.h.
    private const ulong MostPorts = 1 << 16;

    internal void Assign(int domainId, PciAddress function)
    {
        Begin(new(LoopbackCall.Assign, domainId, function, 0, Allow: true));
        lock (_lock)
        {
            ThrowUnlessAssignable(domainId);
            if (domainId != DomainInfo.Quarantine && _host.Domain(domainId).IsDying)
            {
                throw new HypervisorException(Errno.EINVAL, $"domain {domainId} is dying");
            }

            Known(function);
            int owner = _owners.GetValueOrDefault(function);
            if (owner is not (0 or DomainInfo.Quarantine))
            {
                throw new HypervisorException(Errno.EBUSY, $"{function} belongs to domain {owner}");
            }

            _owners[function] = domainId;
            if (domainId == DomainInfo.Quarantine)
            {
                _quarantined.Add(function);
            }
        }
    }

    internal void Deassign(int domainId, PciAddress function)
    {
        Begin(new(LoopbackCall.Deassign, domainId, function, 0, Allow: true));
        lock (_lock)
        {
            ThrowUnlessAssignable(domainId);
            if (_owners.GetValueOrDefault(function) != domainId)
            {
                throw new HypervisorException(Errno.ENODEV, $"domain {domainId} does not have {function}");
            }

            GiveBack(function);
        }
    }

    internal bool IsAssignedToGuest(PciAddress function)
    {
        lock (_lock)
        {
            return Platform.HasIommu && (!Knows(function) || _owners.GetValueOrDefault(function) is not (0 or DomainInfo.Quarantine));
        }
    }

    internal IReadOnlyList<PciAddress> GroupOf(int domainId, PciAddress function)
    {
        _host.Domain(domainId);
        if (!Platform.HasIommu || !Knows(function))
        {
            return [];
        }

        IReadOnlyList<PciAddress> group = Platform.Groups?.Invoke(function) ?? [function];
        List<PciAddress> members = [function];
        lock (_lock)
        {
            foreach (PciAddress member in group)
            {
                if (member != function && _owners.GetValueOrDefault(member) == domainId)
                {
                    members.Add(member);
                }
            }
        }

        return members;
    }

    internal void AllowMemory(int domainId, ulong firstFrame, ulong frames, bool allow)
    {
        Begin(new(LoopbackCall.AllowMemory, domainId, Function: null, firstFrame, allow));
        lock (_lock)
        {
            RangeSet memory = _host.Domain(domainId).Holdings.Memory;
            ulong last = firstFrame + frames - 1;
            if (frames == 0 || last < firstFrame || last >= 1UL << 52)
            {
                throw new HypervisorException(Errno.EINVAL, $"{frames} frames from 0x{firstFrame:x}: above 0, below 2^52");
            }

            Change(memory, firstFrame, last, allow);
        }
    }

    internal void AllowPorts(int domainId, uint firstPort, uint ports, bool allow)
    {
        Begin(new(LoopbackCall.AllowPorts, domainId, Function: null, firstPort, allow));
        lock (_lock)
        {
            RangeSet allowed = _host.Domain(domainId).Holdings.Ports;
            if (ports == 0 || (ulong)firstPort + ports > MostPorts)
            {
                throw new HypervisorException(Errno.EINVAL, $"{ports} ports from 0x{firstPort:x}: above 0, below 65536");
            }

            Change(allowed, firstPort, firstPort + ports - 1, allow);
        }
    }

    internal void AllowInterrupt(int domainId, int pirq, bool allow)
    {
        Begin(new(LoopbackCall.AllowInterrupt, domainId, Function: null, (ulong)pirq, allow));
        lock (_lock)
        {
            SortedSet<int> lines = _host.Domain(domainId).Holdings.Lines;
            if (pirq < 1 || pirq >= Platform.Lines)
            {
                throw new HypervisorException(Errno.EPERM, $"domain 0 has no interrupt {pirq} to pass on");
            }

            _ = allow ? lines.Add(pirq) : lines.Remove(pirq);
        }
    }

    internal void Pause(int domainId)
    {
        Begin(new(LoopbackCall.Pause, domainId, Function: null, 0, Allow: true));
        ThrowIfSelf(domainId);
        _host.Domain(domainId).Pause();
    }

    internal void Unpause(int domainId)
    {
        Begin(new(LoopbackCall.Unpause, domainId, Function: null, 0, Allow: true));
        _host.Domain(domainId).Unpause();
    }

    internal void Crash(int domainId)
    {
        Begin(new(LoopbackCall.Crash, domainId, Function: null, 0, Allow: false));
        if (domainId == 0)
        {
            throw new HypervisorException(Errno.EPERM, "domain 0 cannot shut itself down so");
        }

        _ = _host.Domain(domainId);
        _host.ShutDown(domainId);
    }

    private static void Change(RangeSet set, ulong first, ulong last, bool allow)
    {
        if (allow)
        {
            set.Add(first, last);
        }
        else
        {
            set.Remove(first, last);
        }
    }

    private static void ThrowIfSelf(int domainId)
    {
        if (domainId == 0)
        {
            throw new HypervisorException(Errno.EINVAL, "domain 0 can't do this to itself");
        }
    }

    private void ThrowUnlessAssignable(int domainId)
    {
        bool permitted = domainId == DomainInfo.Quarantine || _host.Domain(domainId).AllowsPassthrough;
        if (!Platform.HasIommu || !permitted)
        {
            throw new HypervisorException(
                Errno.EOPNOTSUPP, Platform.HasIommu ? $"domain {domainId} was created without passthrough" : "there is no IOMMU");
        }

        ThrowIfSelf(domainId);
    }
}
