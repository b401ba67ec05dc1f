using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Perf.Load;

/// <summary>
/// A source function as one guest's: at an address of its own on the host, with its register accesses counted, and as slow to enable as wanted.
/// Accesses are made by one thread at a time (the shard, or the worker it handed the request to); any thread may read the count.
/// </summary>
internal sealed class LoadedFunction(IPciFunction inner, PciAddress address, TimeSpan enabling) : DelegatingFunction(inner)
{
    private PaddedCount _accesses;

    /// <summary>Register accesses so far, successful or not.</summary>
    internal long Accesses => Volatile.Read(ref _accesses.Value);

    public override PciAddress Address => address;

    public override bool TryRead(int offset, int size, out uint value)
    {
        Volatile.Write(ref _accesses.Value, _accesses.Value + 1);
        return Inner.TryRead(offset, size, out value);
    }

    public override bool TryWrite(int offset, int size, uint value)
    {
        Volatile.Write(ref _accesses.Value, _accesses.Value + 1);
        return Inner.TryWrite(offset, size, value);
    }

    public override bool TryEnable()
    {
        if (enabling > TimeSpan.Zero)
        {
            Thread.Sleep(enabling);
        }

        return Inner.TryEnable();
    }

    /// <summary>Alone on its cache lines: the client thread looks at it for every request.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedCount
    {
        [FieldOffset(64)]
        internal long Value;
    }
}
