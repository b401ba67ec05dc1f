using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Grants;

/// <summary>
/// Maps pages that other domains granted, through <c>/dev/xen/gntdev</c> (Linux drivers/xen/gntdev.c). The hypervisor is asked at mmap, so that is
/// where a bad reference shows, always as EINVAL. Thread-safe.
/// </summary>
public sealed unsafe class XenGrantTable : IGrantTable
{
    private readonly DeviceFile _device;
    private readonly Lock _gate = new();

    // Unmapping needs the descriptor: it is open as long as this or a mapping is not disposed.
    private int _users = 1;
    private bool _disposed;

    private XenGrantTable(DeviceFile device) => _device = device;

    /// <summary>Opens the interface.</summary>
    /// <returns>A mapper of other domains' pages.</returns>
    /// <exception cref="HypervisorException">ENOENT, ENXIO: no such device; EACCES: not allowed; EMFILE.</exception>
    public static XenGrantTable Open() =>
        new(DeviceFile.Open("/dev/xen/gntdev", "is this a Xen domain, and is the module xen-gntdev loaded?"));

    /// <inheritdoc/>
    public IGrantMapping Map(int domainId, uint reference)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(domainId);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _users++;
        }

        int error = TryMap(domainId, reference, out ulong index, out byte* address);
        if (error < 0)
        {
            Leave();
            throw Refused(error, domainId, reference);
        }

        return new Mapping(this, index, address);
    }

    /// <summary>Closes the interface. Mappings live on until they are disposed.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        Leave();
    }

    private int TryMap(int domainId, uint reference, out ulong index, out byte* address)
    {
        var argument = new GrantControl.MapArgument { Count = 1, DomainId = (uint)domainId, Reference = reference };
        int error = _device.Control(GrantControl.MapReference, &argument);
        index = argument.Index;
        address = null;
        if (error < 0)
        {
            return error;
        }

        error = _device.MapPage(index, out address);
        if (error < 0)
        {
            Forget(index);
        }

        return error;
    }

    private void Forget(ulong index)
    {
        var argument = new GrantControl.UnmapArgument { Index = index, Count = 1 };
        _ = _device.Control(GrantControl.UnmapReference, &argument);
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_users == 0)
            {
                _device.Dispose();
            }
        }
    }

    private static HypervisorException Refused(int error, int domainId, uint reference) =>
        new HypervisorException((Errno)(-error), $"can't map grant {reference} of domain {domainId}: is it granted to this domain, for writing?");

    private sealed class Mapping : IGrantMapping
    {
        private readonly XenGrantTable _table;
        private readonly ulong _index;
        private int _disposed;

        internal Mapping(XenGrantTable table, ulong index, byte* address)
        {
            _table = table;
            _index = index;
            Address = address;
        }

        public byte* Address { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                // In this order: the kernel keeps what is still mapped.
                DeviceFile.UnmapPage(Address);
                _table.Forget(_index);
                _table.Leave();
            }
        }
    }
}
