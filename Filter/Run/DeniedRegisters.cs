namespace PciBackFlow.Filter.Run;

/// <summary>
/// What policy dropped of one guest's writes to one function, by dword, for the first so many. Written by whoever carries the guest's request, without a lock
/// or an allocation; read by any thread.
/// </summary>
public sealed class DeniedRegisters
{
    /// <summary>Dwords that are told apart: more than any driver writes in vain. What comes later is in the guest's counters only.</summary>
    public const int Capacity = 32;

    private readonly Entry[] _entries = new Entry[Capacity];
    private int _count;

    /// <summary>Reads all. Any thread; not a consistent cut.</summary>
    /// <returns>In the order of their first occurrence.</returns>
    public IReadOnlyList<DeniedRegister> Read()
    {
        var read = new DeniedRegister[Volatile.Read(ref _count)];
        for (int i = 0; i < read.Length; i++)
        {
            read[i] = new(_entries[i].Offset, Volatile.Read(ref _entries[i].Bits), Volatile.Read(ref _entries[i].Count));
        }

        return read;
    }

    /// <summary>Carrier: something was dropped.</summary>
    /// <param name="dword">The dword's offset.</param>
    /// <param name="bits">What, in the dword's lanes.</param>
    internal void Note(int dword, uint bits)
    {
        int count = _count;
        for (int i = 0; i < count; i++)
        {
            ref Entry entry = ref _entries[i];
            if (entry.Offset == dword)
            {
                Volatile.Write(ref entry.Bits, entry.Bits | bits);
                Volatile.Write(ref entry.Count, entry.Count + 1);
                return;
            }
        }

        if (count < Capacity)
        {
            _entries[count] = new() { Offset = dword, Bits = bits, Count = 1 };
            Volatile.Write(ref _count, count + 1);
        }
    }

    private struct Entry
    {
        internal int Offset;
        internal uint Bits;
        internal long Count;
    }
}
