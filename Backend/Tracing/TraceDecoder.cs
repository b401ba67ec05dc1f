using System.Buffers.Binary;
using System.Runtime.InteropServices;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tracing;

/// <summary>Turns the records of a trace into what they say, in their order; keeps the names of registers. Used by one thread.</summary>
public sealed class TraceDecoder
{
    // Some 200 for each kind of device and policy.
    private const int MostRegisters = 1_000_000;

    // What an access has at most. A guest sends any size, and is answered that there is none such: what it would cover need not be named.
    private const int MostAccessed = 4;

    // By rising offset; none overlaps another, so that there are as many as bytes at most, and an access touches one for each of its bytes.
    private readonly Dictionary<uint, List<TraceRegister>> _registers = [];
    private int _count;

    /// <summary>Reads a record.</summary>
    /// <param name="record">At least <see cref="TraceFormat.RecordBytes"/> bytes.</param>
    /// <returns>What it says; null for one that only helps to understand others, and for one of a kind that is not known.</returns>
    /// <exception cref="TraceFormatException">It says what cannot be.</exception>
    public TraceEvent? Read(ReadOnlySpan<byte> record)
    {
        switch (BinaryPrimitives.ReadUInt16LittleEndian(record))
        {
            case TraceRecord.RequestKind:
                TraceRecord request = MemoryMarshal.Read<TraceRecord>(record);
                return new(request, RegistersOf(request));
            case TraceFormat.RegisterKind:
                Add(TraceRegister.Read(record));
                return null;
            case TraceFormat.GapKind:
                return Gap(BinaryPrimitives.ReadInt64LittleEndian(record[8..]), BinaryPrimitives.ReadInt64LittleEndian(record[16..]));
            default:
                return null;
        }
    }

    private static TraceEvent Gap(long overflown, long behind)
    {
        if (overflown < 0 || behind < 0)
        {
            throw new TraceFormatException("it says that fewer than no records are missing");
        }

        if (overflown > long.MaxValue - behind)
        {
            throw new TraceFormatException("it says that more records are missing than can be counted");
        }

        return overflown + behind > 0
            ? new(default, []) { Overflown = overflown, Behind = behind }
            : throw new TraceFormatException("it says that records are missing, and that there are none");
    }

    private void Add(TraceRegister register)
    {
        if (!_registers.TryGetValue(register.Permissions, out List<TraceRegister>? known))
        {
            _registers.Add(register.Permissions, known = []);
        }

        int at = FirstBehind(known, register.Offset);
        if (at < known.Count && known[at].Offset == register.Offset)
        {
            // Said again, because what was said before may have been lost.
            return;
        }

        if ((at > 0 && known[at - 1].Offset + known[at - 1].Size > register.Offset)
            || (at < known.Count && known[at].Offset < register.Offset + register.Size))
        {
            throw new TraceFormatException($"it describes two registers of one function at 0x{register.Offset:x}");
        }

        if (++_count > MostRegisters)
        {
            throw new TraceFormatException($"it describes more than {MostRegisters} registers");
        }

        known.Insert(at, register);
    }

    private List<TraceRegister> RegistersOf(in TraceRecord record)
    {
        List<TraceRegister> found = [];
        if (record.Permissions != 0 && record.Operation <= 1 && _registers.TryGetValue(record.Permissions, out List<TraceRegister>? known))
        {
            int size = Math.Min(record.Size, MostAccessed);
            for (int at = Math.Max(0, FirstBehind(known, record.Offset) - 1); at < known.Count && known[at].Offset < (long)record.Offset + size; at++)
            {
                if (known[at].Intersects(record.Offset, size))
                {
                    found.Add(known[at]);
                }
            }
        }

        return found;
    }

    // The index of the first that begins at an offset or behind it.
    private static int FirstBehind(List<TraceRegister> registers, int offset)
    {
        (int from, int to) = (0, registers.Count);
        while (from < to)
        {
            int middle = (from + to) / 2;
            (from, to) = registers[middle].Offset < offset ? (middle + 1, to) : (from, middle);
        }

        return from;
    }
}
