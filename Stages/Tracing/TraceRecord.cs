using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PciBackFlow.Stages.Tracing;

/// <summary>
/// One request that was answered, as a trace has it: 128 bytes, little endian, the same in memory, on the wire and in a file (docs/trace.md). What the guest
/// sent is here as it came: any 32 bits.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public struct TraceRecord
{
    /// <summary>Bytes of a record.</summary>
    public const int Bytes = 128;

    /// <summary>How many register accesses are kept.</summary>
    public const int MostAccesses = 4;

    /// <summary>Which kind of record: <see cref="RequestKind"/>.</summary>
    public ushort Kind;

    /// <summary>The shard that answered it.</summary>
    public ushort Shard;

    /// <summary>
    /// Number of the permissions that were asked (its registers are described by records of their own); 0: no function was meant, or none known.
    /// </summary>
    public uint Permissions;

    /// <summary>Number of the record on its shard, from 0 since tracing began; numbers that are missing were not written because there was no room.</summary>
    public ulong Sequence;

    /// <summary>When the shard saw the request: nanoseconds of the host's monotonic clock.</summary>
    public long Time;

    /// <summary>Nanoseconds from then until the guest had been notified (or the answer was dropped).</summary>
    public uint Total;

    /// <summary>Nanoseconds of it before the function was accessed, queues included; 0 when it was not accessed.</summary>
    public uint Before;

    /// <summary>Nanoseconds of it in the accesses.</summary>
    public uint Execute;

    /// <summary>The guest's domain id.</summary>
    public int Domain;

    /// <summary>The request's opcode.</summary>
    public uint Operation;

    /// <summary>The function as the guest names it: segment.</summary>
    public uint GuestSegment;

    /// <summary>Likewise: bus.</summary>
    public uint GuestBus;

    /// <summary>Likewise: (slot &lt;&lt; 3) | function.</summary>
    public uint GuestDevfn;

    /// <summary>The register's offset.</summary>
    public int Offset;

    /// <summary>Bytes.</summary>
    public int Size;

    /// <summary>The value that was sent; of MSI-X the number of entries.</summary>
    public uint Value;

    /// <summary>The info that was sent.</summary>
    public uint Info;

    /// <summary>The value that was answered.</summary>
    public uint AnswerValue;

    /// <summary>The info that was answered.</summary>
    public uint AnswerInfo;

    /// <summary>Bits of a write that were dropped by policy, in the request's lanes.</summary>
    public uint DeniedBits;

    /// <summary>The host's function, when <see cref="HasFunction"/>: segment.</summary>
    public uint HostSegment;

    /// <summary>Likewise: bus.</summary>
    public byte HostBus;

    /// <summary>Likewise: (slot &lt;&lt; 3) | function.</summary>
    public byte HostDevfn;

    /// <summary>The status that was answered, 0 to −5.</summary>
    public sbyte Status;

    /// <summary>The flags below.</summary>
    public byte Flags;

    /// <summary>Why the answer is not the request's own (<see cref="Pipeline.FailureCause"/>); 0: it is.</summary>
    public byte Cause;

    /// <summary>The side effect that the write had (<see cref="PciBackFlow.Filter.Map.PlanAction"/>); 0: none.</summary>
    public byte Effect;

    /// <summary>Register reads that reached hardware; 255 for more.</summary>
    public byte Reads;

    /// <summary>Register writes that reached hardware; 255 for more.</summary>
    public byte Writes;

    /// <summary>The first of those, in order (<see cref="TraceAccess"/>).</summary>
    public AccessArray Accesses;

    /// <summary>The kind of a request's record.</summary>
    public const ushort RequestKind = 1;

    /// <summary>Flag: the guest has a function there, and the host's address is known.</summary>
    public const byte HasFunction = 1;

    /// <summary>Flag: a worker had it.</summary>
    public const byte Offloaded = 2;

    /// <summary>Flag: its register accesses took a millisecond or more.</summary>
    public const byte Slow = 4;

    /// <summary>Flag: the answer was dropped, because the guest had given up.</summary>
    public const byte Late = 8;

    /// <summary>Flag: a write was refused for the register it touches, though it would have changed nothing.</summary>
    public const byte Refused = 16;

    /// <summary>Whether a flag is set.</summary>
    /// <param name="flag">The flag.</param>
    /// <returns>Whether it is.</returns>
    public readonly bool Is(byte flag) => (Flags & flag) != 0;

    /// <summary>Whether policy dropped something of a write, or refused it.</summary>
    public readonly bool IsDenied => DeniedBits != 0 || Is(Refused);

    /// <summary>How many of <see cref="Accesses"/> are meaningful.</summary>
    public readonly int AccessCount => Math.Min(MostAccesses, Reads + Writes);

    /// <summary>Room for the accesses.</summary>
    [InlineArray(MostAccesses)]
    public struct AccessArray
    {
        private ulong _first;
    }
}
