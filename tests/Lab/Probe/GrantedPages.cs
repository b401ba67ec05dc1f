using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.LabProbe;

/// <summary>Grants pages of this domain, as a frontend does: <c>/dev/xen/gntalloc</c> (Linux include/uapi/xen/gntalloc.h).</summary>
internal static unsafe class GrantedPages
{
    private const uint Allocate = 0x0018_4705; // IOCTL_GNTALLOC_ALLOC_GREF
    private const uint Free = 0x0010_4706; // IOCTL_GNTALLOC_DEALLOC_GREF
    private const ushort Writable = 1; // GNTALLOC_FLAG_WRITABLE

    public static SharedTestPage Grant(int domainId, bool readOnly)
    {
        var device = DeviceFile.Open("/dev/xen/gntalloc", "is the module xen-gntalloc loaded?");
        var argument = new AllocateArgument { DomainId = (ushort)domainId, Flags = readOnly ? (ushort)0 : Writable, Count = 1 };
        int error = device.Control(Allocate, &argument);
        byte* address = null;
        if (error >= 0)
        {
            error = device.MapPage(argument.Index, out address);
        }

        if (error < 0)
        {
            device.Dispose();
            throw new HypervisorException((Errno)(-error), "can't grant a page");
        }

        return new SharedTestPage(argument.Reference, (nint)address, new Page(device, argument.Index, address));
    }

    private sealed class Page(DeviceFile device, ulong index, byte* address) : IDisposable
    {
        public void Dispose()
        {
            var argument = new FreeArgument { Index = index, Count = 1 };
            DeviceFile.UnmapPage(address);
            _ = device.Control(Free, &argument);
            device.Dispose();
        }
    }

    [StructLayout(LayoutKind.Explicit, Size = 24)]
    private struct AllocateArgument
    {
        [FieldOffset(0)]
        public ushort DomainId;

        [FieldOffset(2)]
        public ushort Flags;

        [FieldOffset(4)]
        public uint Count;

        [FieldOffset(8)]
        public ulong Index;

        [FieldOffset(16)]
        public uint Reference;
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private struct FreeArgument
    {
        [FieldOffset(0)]
        public ulong Index;

        [FieldOffset(8)]
        public uint Count;
    }
}
