using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Calls;

/// <summary>
/// Hypercalls through libxencall (tools/include/xencall.h), whose interface is stable over Xen's releases: it knows how the kernel wants them made, and
/// has memory that stays where it is while the hypervisor writes to it. Thread-safe.
/// </summary>
internal sealed unsafe partial class XenCall : IHypercalls
{
    /// <summary>The library, by the name of its interface.</summary>
    internal const string Library = "libxencall.so.1";

    private const int XenVersionCommand = 0; // XENVER_version

    private readonly Handle _handle;

    private XenCall(Handle handle) => _handle = handle;

    /// <summary>Opens a descriptor.</summary>
    /// <param name="root">Where the device nodes are: <c>/</c>.</param>
    /// <param name="library">The library's name.</param>
    /// <exception cref="HypervisorException">ENOENT: the library or the device is missing; EACCES, EPERM.</exception>
    internal static XenCall Open(string root = "/", string library = Library)
    {
        // libxencall looks at both (tools/libs/call/linux.c), and complains on standard error.
        if (!File.Exists(Path.Combine(root, "dev/xen/privcmd")) && !File.Exists(Path.Combine(root, "proc/xen/privcmd")))
        {
            throw new HypervisorException(
                Errno.ENOENT, "there is no /dev/xen/privcmd: this is no control domain of Xen, or its module xen-privcmd is not loaded");
        }

        if (!NativeLibrary.TryLoad(library, out _))
        {
            throw new HypervisorException(Errno.ENOENT, $"can't load {library}: install the package libxencall1 (Debian, Ubuntu) or xen-libs (Fedora)");
        }

        Handle handle = OpenHandle(null, 0);
        int error = Marshal.GetLastPInvokeError();
        if (handle.IsInvalid)
        {
            handle.Dispose();
            throw new HypervisorException((Errno)error, "can't open /dev/xen/privcmd");
        }

        return new XenCall(handle);
    }

    /// <inheritdoc/>
    public int Version() => Result(Call2(_handle, HypercallNumbers.XenVersion, XenVersionCommand, 0));

    /// <inheritdoc/>
    public int Physdev(uint command, Span<byte> argument) => Command(HypercallNumbers.PhysdevOp, command, argument);

    /// <inheritdoc/>
    public int Sched(uint command, Span<byte> argument) => Command(HypercallNumbers.SchedOp, command, argument);

    /// <inheritdoc/>
    public int Control(uint hypercall, Span<byte> argument)
    {
        using var memory = new Memory(_handle, argument);
        int result = Result(Call1(_handle, hypercall, (ulong)memory.Address));
        memory.CopyTo(argument);
        return result;
    }

    /// <inheritdoc/>
    public int Control(uint hypercall, Span<byte> argument, int pointerAt, Span<byte> buffer)
    {
        using var memory = new Memory(_handle, buffer);
        MemoryMarshal.Write(argument[pointerAt..], (ulong)memory.Address);
        int result = Control(hypercall, argument);
        memory.CopyTo(buffer);
        return result;
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private int Command(uint hypercall, uint command, Span<byte> argument)
    {
        using var memory = new Memory(_handle, argument);
        int result = Result(Call2(_handle, hypercall, command, (ulong)memory.Address));
        memory.CopyTo(argument);
        return result;
    }

    private static int Result(int returned) => returned < 0 ? -Marshal.GetLastPInvokeError() : returned;

    [LibraryImport(Library, EntryPoint = "xencall_open", SetLastError = true)]
    private static partial Handle OpenHandle(void* logger, uint flags);

    [LibraryImport(Library, EntryPoint = "xencall_close")]
    private static partial int CloseHandle(nint handle);

    [LibraryImport(Library, EntryPoint = "xencall1", SetLastError = true)]
    private static partial int Call1(Handle handle, uint hypercall, ulong argument);

    [LibraryImport(Library, EntryPoint = "xencall2", SetLastError = true)]
    private static partial int Call2(Handle handle, uint hypercall, ulong first, ulong second);

    [LibraryImport(Library, EntryPoint = "xencall_alloc_buffer", SetLastError = true)]
    private static partial void* AllocateBuffer(Handle handle, nuint bytes);

    [LibraryImport(Library, EntryPoint = "xencall_free_buffer")]
    private static partial void FreeBuffer(Handle handle, void* buffer);

    /// <summary>An open <c>xencall_handle</c>.</summary>
    private sealed class Handle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public Handle()
            : base(ownsHandle: true)
        {
        }

        protected override bool ReleaseHandle() => CloseHandle(handle) == 0;
    }

    /// <summary>Memory that the hypervisor can reach, with a copy of the caller's.</summary>
    private readonly ref struct Memory
    {
        private readonly Handle _handle;

        internal Memory(Handle handle, ReadOnlySpan<byte> content)
        {
            _handle = handle;
            Address = AllocateBuffer(handle, (nuint)content.Length);
            if (Address == null)
            {
                throw new HypervisorException((Errno)Marshal.GetLastPInvokeError(), "no memory for a hypercall");
            }

            content.CopyTo(new Span<byte>(Address, content.Length));
        }

        internal void* Address { get; }

        internal void CopyTo(Span<byte> content) => new ReadOnlySpan<byte>(Address, content.Length).CopyTo(content);

        public void Dispose() => FreeBuffer(_handle, Address);
    }
}
