using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// A source function as one guest's: at an address of its own on the host, with its register accesses counted. Accesses are made by one thread
/// at a time (the shard, or the worker it handed the request to); any thread may read the count.
/// </summary>
internal sealed class LoadedFunction(IPciFunction inner, PciAddress address) : IPciFunction
{
    private PaddedCount _accesses;

    /// <summary>Register accesses so far, successful or not.</summary>
    internal long Accesses => Volatile.Read(ref _accesses.Value);

    public PciAddress Address => address;

    public string Origin => inner.Origin;

    public int Size => inner.Size;

    public int ReadableSize => inner.ReadableSize;

    public ushort VendorId => inner.VendorId;

    public ushort DeviceId => inner.DeviceId;

    public bool IsVirtualFunction => inner.IsVirtualFunction;

    public byte InterruptLine => inner.InterruptLine;

    public IReadOnlyList<BaseAddress> BaseAddresses => inner.BaseAddresses;

    public bool TryRead(int offset, int size, out uint value)
    {
        Volatile.Write(ref _accesses.Value, _accesses.Value + 1);
        return inner.TryRead(offset, size, out value);
    }

    public bool TryWrite(int offset, int size, uint value)
    {
        Volatile.Write(ref _accesses.Value, _accesses.Value + 1);
        return inner.TryWrite(offset, size, value);
    }

    public bool PhysicalFunctionDecodesMemory() => inner.PhysicalFunctionDecodesMemory();

    public bool TryEnable() => inner.TryEnable();

    public bool TrySetPowerState(int state) => inner.TrySetPowerState(state);

    public bool TryReset() => inner.TryReset();

    public void Dispose() => inner.Dispose();

    /// <summary>Alone on its cache lines: the client thread looks at it for every request.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedCount
    {
        [FieldOffset(64)]
        internal long Value;
    }
}
