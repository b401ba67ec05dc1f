using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Simulation;

/// <summary>Memory that a guest may map is not taken away from it.</summary>
internal sealed class ForgottenRevocation(IHypervisor inner) : PlantedPlatform(inner)
{
    public override IDomainControl OpenDomainControl() => new Forgetful(base.OpenDomainControl());

    private sealed class Forgetful(IDomainControl inner) : Domains(inner)
    {
        public override void AllowMemory(int domainId, ulong firstFrame, ulong frames, bool allow)
        {
            if (allow)
            {
                base.AllowMemory(domainId, firstFrame, frames, allow);
            }
        }
    }
}

/// <summary>A device that was taken from a guest stays assigned to it.</summary>
internal sealed class ForgottenAssignment(IHypervisor inner) : PlantedPlatform(inner)
{
    public override IDomainControl OpenDomainControl() => new Forgetful(base.OpenDomainControl());

    private sealed class Forgetful(IDomainControl inner) : Domains(inner)
    {
        public override void Deassign(int domainId, PciAddress function)
        {
        }
    }
}

/// <summary>What a domain's id was granted once it is granted again, whoever has that id now.</summary>
internal sealed class ResurrectedGrant(IHypervisor inner) : PlantedPlatform(inner)
{
    public override IDomainControl OpenDomainControl() => new Resurrecting(base.OpenDomainControl());

    private sealed class Resurrecting(IDomainControl inner) : Domains(inner)
    {
        private readonly Dictionary<int, (Guid Life, ulong First, ulong Frames)> _granted = [];

        public override void AllowMemory(int domainId, ulong firstFrame, ulong frames, bool allow)
        {
            base.AllowMemory(domainId, firstFrame, frames, allow);
            _granted[domainId] = (base.Find(domainId).GetValueOrDefault().Handle, firstFrame, frames);
        }

        public override DomainInfo? Find(int domainId)
        {
            DomainInfo? found = base.Find(domainId);
            if (found is { IsDying: false } live && _granted.TryGetValue(domainId, out (Guid Life, ulong First, ulong Frames) before)
                && before.Life != live.Handle)
            {
                _granted.Remove(domainId);
                base.AllowMemory(domainId, before.First, before.Frames, allow: true);
            }

            return found;
        }
    }
}

/// <summary>Every seventh event of a watch is lost.</summary>
internal sealed class LostEvents(IHypervisor inner) : PlantedPlatform(inner)
{
    public override IXenStore OpenXenStore() => new Deaf(base.OpenXenStore());

    private sealed class Deaf(IXenStore inner) : Store(inner)
    {
        public override IDisposable Watch(string path, Action<string> changed)
        {
            int events = 0;
            return base.Watch(path, node =>
            {
                if (++events % 7 != 0)
                {
                    changed(node);
                }
            });
        }
    }
}

/// <summary>A guest's page stays mapped.</summary>
internal sealed class LeakedMapping(IHypervisor inner) : PlantedPlatform(inner)
{
    public override IGrantTable OpenGrantTable() => new Leaking(base.OpenGrantTable());

    private sealed class Leaking(IGrantTable inner) : IGrantTable
    {
        public IGrantMapping Map(int domainId, uint reference) => new Kept(inner.Map(domainId, reference));

        public void Dispose() => inner.Dispose();
    }

    private sealed unsafe class Kept(IGrantMapping inner) : IGrantMapping
    {
        public byte* Address => inner.Address;

        public void Dispose()
        {
        }
    }
}

/// <summary>Messages stay mapped to a guest that has disabled them or lost the device.</summary>
internal sealed class LeakedMessages(IHypervisor inner) : PlantedPlatform(inner)
{
    public override IPhysdev OpenPhysdev() => new Leaking(base.OpenPhysdev());

    private sealed class Leaking(IPhysdev inner) : IPhysdev
    {
        public int MapMessage(int domainId, PciAddress function, int entry, ulong tableBase) => inner.MapMessage(domainId, function, entry, tableBase);

        public int MapMessages(int domainId, PciAddress function, int count, out int available) =>
            inner.MapMessages(domainId, function, count, out available);

        public int MapLine(int domainId, int gsi) => inner.MapLine(domainId, gsi);

        public void Unmap(int domainId, int pirq)
        {
        }

        public void PrepareMsix(PciAddress function) => inner.PrepareMsix(function);

        public void ReleaseMsix(PciAddress function) => inner.ReleaseMsix(function);

        public void RestoreMessages(PciAddress function) => inner.RestoreMessages(function);

        public void Dispose() => inner.Dispose();
    }
}
