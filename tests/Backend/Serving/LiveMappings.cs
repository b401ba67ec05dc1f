using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Tests.Serving;

/// <summary>A platform that counts the pages mapped now.</summary>
internal sealed class LiveMappings(IHypervisor hypervisor) : IHypervisor
{
    private int _count;

    public string Name => hypervisor.Name;

    public int Count => Volatile.Read(ref _count);

    public IEventChannels OpenEventChannels() => hypervisor.OpenEventChannels();

    public IPhysdev OpenPhysdev() => hypervisor.OpenPhysdev();

    public IDomainControl OpenDomainControl() => hypervisor.OpenDomainControl();

    public IXenStore OpenXenStore() => hypervisor.OpenXenStore();

    public IGrantTable OpenGrantTable() => new Table(this, hypervisor.OpenGrantTable());

    private sealed class Table(LiveMappings owner, IGrantTable inner) : IGrantTable
    {
        public IGrantMapping Map(int domainId, uint reference)
        {
            Mapping mapping = new(owner, inner.Map(domainId, reference));
            Interlocked.Increment(ref owner._count);
            return mapping;
        }

        public void Dispose() => inner.Dispose();
    }

    private sealed unsafe class Mapping(LiveMappings owner, IGrantMapping inner) : IGrantMapping
    {
        private int _disposed;

        public byte* Address => inner.Address;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref owner._count);
            }

            inner.Dispose();
        }
    }
}
