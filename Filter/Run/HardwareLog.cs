using System.Runtime.CompilerServices;

namespace PciBackFlow.Filter.Run;

/// <summary>The register accesses of one request that reached hardware: how many, and the first of them. Owned by whoever has the function.</summary>
internal struct HardwareLog
{
    /// <summary>How many accesses are kept.</summary>
    internal const int MostAccesses = 4;

    /// <summary>Reads.</summary>
    internal int Reads;

    /// <summary>Writes.</summary>
    internal int Writes;

    /// <summary>The first of both, in order.</summary>
    internal AccessArray First;

    /// <summary>A request begins.</summary>
    internal void Clear() => (Reads, Writes) = (0, 0);

    internal void Read(int offset, int size, uint value)
    {
        Keep(isWrite: false, offset, size, value);
        Reads++;
    }

    internal void Write(int offset, int size, uint value)
    {
        Keep(isWrite: true, offset, size, value);
        Writes++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Keep(bool isWrite, int offset, int size, uint value)
    {
        int at = Reads + Writes;
        if (at < MostAccesses)
        {
            First[at] = new Access { Offset = (ushort)offset, Size = (byte)size, IsWrite = isWrite, Value = value };
        }
    }

    /// <summary>One access, in 64 bits.</summary>
    internal struct Access
    {
        internal ushort Offset;
        internal byte Size;
        internal bool IsWrite;
        internal uint Value;
    }

    /// <summary>Room for the accesses.</summary>
    [InlineArray(MostAccesses)]
    internal struct AccessArray
    {
        private Access _first;
    }
}
