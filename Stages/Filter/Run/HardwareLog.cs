using System.Runtime.CompilerServices;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Stages.Filter.Run;

/// <summary>The register accesses of one request that reached hardware: how many, and the first of them. Owned by whoever has the function.</summary>
internal struct HardwareLog
{
    /// <summary>Reads.</summary>
    internal int Reads;

    /// <summary>Writes.</summary>
    internal int Writes;

    /// <summary>The first of both, in order.</summary>
    internal TraceRecord.AccessArray First;

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
        if (at < TraceRecord.MostAccesses)
        {
            First[at] = TraceAccess.Pack(isWrite, offset, size, value);
        }
    }
}
