using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>struct sched_remote_shutdown (xen/include/public/sched.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal struct RemoteShutdownArgument
{
    [FieldOffset(0)]
    internal ushort Domain;

    /// <summary>SHUTDOWN_*.</summary>
    [FieldOffset(4)]
    internal uint Reason;
}
