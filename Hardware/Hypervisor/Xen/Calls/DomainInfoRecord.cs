using System.Buffers.Binary;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>struct xen_domctl_getdomaininfo (xen/include/public/domctl.h), read from its bytes.</summary>
internal static class DomainInfoRecord
{
    /// <summary>Bytes of one record: <see cref="XenInterface.Supported"/> lists the versions for which this holds.</summary>
    internal const int Size = 112;

    private const int FlagsAt = 4;
    private const int HandleAt = 76;
    private const int HandleSize = 16;

    // XEN_DOMINF_*
    private const uint Dying = 1 << 0;
    private const uint HardwareVirtualized = 1 << 1;
    private const uint Shutdown = 1 << 2;
    private const uint Paused = 1 << 3;

    // XEN_DOMINF_shutdownshift; SHUTDOWN_suspend of xen/include/public/sched.h: such a domain goes on later.
    private const int ReasonShift = 16;
    private const uint Suspended = 2;

    internal static DomainInfo Read(ReadOnlySpan<byte> record)
    {
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(record[FlagsAt..]);
        return new DomainInfo(
            BinaryPrimitives.ReadUInt16LittleEndian(record),
            new Guid(record.Slice(HandleAt, HandleSize), bigEndian: true),
            IsDying: (flags & Dying) != 0,
            IsShutdown: (flags & Shutdown) != 0 && ((flags >> ReasonShift) & 0xFF) != Suspended,
            IsPaused: (flags & Paused) != 0,
            IsHardwareVirtualized: (flags & HardwareVirtualized) != 0);
    }
}
