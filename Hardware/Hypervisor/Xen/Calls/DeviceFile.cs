using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>
/// An open character device of Xen's drivers, and the system calls they take. The handle is counted: a descriptor that another thread is
/// using is not closed, and so never names somebody else's file. Nothing here allocates but <see cref="Open"/>.
/// </summary>
internal sealed unsafe class DeviceFile : SafeHandleMinusOneIsInvalid
{
    private const int PageSize = 4096;

    private DeviceFile(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>Opens a device for reading and writing.</summary>
    /// <param name="path">The device node.</param>
    /// <param name="absent">What to do when it is not there, for the message.</param>
    /// <exception cref="HypervisorException">ENOENT, ENXIO, ENODEV: no such device; EACCES, EPERM; EMFILE, ENFILE.</exception>
    internal static DeviceFile Open(string path, string absent)
    {
        int descriptor;
        int error = 0;
        do
        {
            descriptor = LinuxCalls.Open(path, LinuxCalls.ReadWrite | LinuxCalls.CloseOnExec);
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while ((Errno)error == Errno.EINTR);

        return descriptor >= 0
            ? new DeviceFile(descriptor)
            : throw new HypervisorException((Errno)error, $"can't open {path}{(IsAbsence((Errno)error) ? $": {absent}" : "")}");
    }

    /// <summary>An eventfd: readable once written.</summary>
    /// <exception cref="HypervisorException">EMFILE, ENFILE, ENOMEM.</exception>
    internal static DeviceFile OpenEvent()
    {
        int descriptor = LinuxCalls.OpenEvent(0, LinuxCalls.CloseOnExec);
        return descriptor >= 0
            ? new DeviceFile(descriptor)
            : throw new HypervisorException((Errno)Marshal.GetLastPInvokeError(), "can't create an eventfd");
    }

    /// <summary>An ioctl that is begun again when interrupted.</summary>
    /// <returns>The driver's answer, 0 or above, or the negative errno.</returns>
    internal int Control(uint request, void* argument)
    {
        while (true)
        {
            int result = LinuxCalls.Control(this, request, argument);
            int error = result < 0 ? Marshal.GetLastPInvokeError() : 0;
            if ((Errno)error != Errno.EINTR)
            {
                return result < 0 ? -error : result;
            }
        }
    }

    /// <summary>One read; blocks when there is nothing.</summary>
    /// <returns>Bytes, 0 at the end, or the negative errno (EINTR too: the caller knows whether its time has run out).</returns>
    internal int Read(void* buffer, int bytes)
    {
        nint result = LinuxCalls.Read(this, buffer, (nuint)bytes);
        return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
    }

    /// <summary>One write that is begun again when interrupted before anything was written.</summary>
    /// <returns>Bytes, or the negative errno.</returns>
    internal int Write(void* buffer, int bytes)
    {
        while (true)
        {
            nint result = LinuxCalls.Write(this, buffer, (nuint)bytes);
            int error = result < 0 ? Marshal.GetLastPInvokeError() : 0;
            if ((Errno)error != Errno.EINTR)
            {
                return result < 0 ? -error : (int)result;
            }
        }
    }

    /// <summary>Waits until the device has something to read or an error to report.</summary>
    /// <param name="milliseconds">The longest time; -1 for no limit.</param>
    /// <returns>True when it has; false when the time ran out or a signal came.</returns>
    internal bool Wait(int milliseconds)
    {
        bool added = false;
        try
        {
            DangerousAddRef(ref added);
            var descriptor = new LinuxCalls.PolledDescriptor { Descriptor = (int)handle, Wanted = LinuxCalls.Readable };
            return LinuxCalls.Poll(&descriptor, 1, milliseconds) > 0;
        }
        finally
        {
            if (added)
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>Waits without limit until this device or another has something to read.</summary>
    /// <returns>Whether the other one has; false when only this one has, or a signal came.</returns>
    internal bool WaitWith(DeviceFile other)
    {
        bool added = false;
        bool otherAdded = false;
        try
        {
            DangerousAddRef(ref added);
            other.DangerousAddRef(ref otherAdded);
            LinuxCalls.PolledDescriptor* descriptors = stackalloc LinuxCalls.PolledDescriptor[2];
            descriptors[0] = new LinuxCalls.PolledDescriptor { Descriptor = (int)handle, Wanted = LinuxCalls.Readable };
            descriptors[1] = new LinuxCalls.PolledDescriptor { Descriptor = (int)other.handle, Wanted = LinuxCalls.Readable };
            return LinuxCalls.Poll(descriptors, 2, -1) > 0 && descriptors[1].Seen != 0;
        }
        finally
        {
            if (otherAdded)
            {
                other.DangerousRelease();
            }

            if (added)
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>Maps one shared page of the device, readable and writable.</summary>
    /// <param name="offset">Where, as the driver said.</param>
    /// <param name="address">The page; null on failure.</param>
    /// <returns>0, or the negative errno.</returns>
    internal int MapPage(ulong offset, out byte* address)
    {
        void* mapped = LinuxCalls.Map(null, PageSize, LinuxCalls.ReadAndWrite, LinuxCalls.SharedMapping, this, (long)offset);
        bool failed = mapped == (void*)-1;
        address = failed ? null : (byte*)mapped;
        return failed ? -Marshal.GetLastPInvokeError() : 0;
    }

    /// <summary>Ends a mapping that <see cref="MapPage"/> made.</summary>
    internal static void UnmapPage(byte* address) => _ = LinuxCalls.Unmap(address, PageSize);

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LinuxCalls.Close((int)handle) == 0;

    /// <summary>Whether opening failed because there is no such device: no node (ENOENT), or none behind it (ENXIO, ENODEV).</summary>
    private static bool IsAbsence(Errno error) => error is Errno.ENOENT or Errno.ENXIO or Errno.ENODEV;
}
