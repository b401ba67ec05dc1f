using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Grants;

/// <summary>4096 zeroed, page-aligned bytes outside the collector's heap, freed with their last reference: a mapping is valid
/// until disposed, so one that was forgotten keeps its page, and no finalizer takes it away. Thread-safe.</summary>
internal sealed unsafe class LoopbackFrame
{
    internal const int Size = 4096;

    private int _references = 1;

    internal LoopbackFrame()
    {
        Address = (byte*)NativeMemory.AlignedAlloc(Size, Size);
        NativeMemory.Clear(Address, Size);
    }

    internal byte* Address { get; }

    /// <summary>Adds a reference. False when the last one is gone already.</summary>
    internal bool TryAddReference()
    {
        int references = Volatile.Read(ref _references);
        while (references > 0)
        {
            int before = Interlocked.CompareExchange(ref _references, references + 1, references);
            if (before == references)
            {
                return true;
            }

            references = before;
        }

        return false;
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            NativeMemory.AlignedFree(Address);
        }
    }
}
