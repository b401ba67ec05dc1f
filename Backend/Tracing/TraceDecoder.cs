using System.Buffers.Binary;
using System.Runtime.InteropServices;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tracing;

/// <summary>Turns the records of a trace into what they say, in their order; keeps the names of registers. Used by one thread.</summary>
public sealed class TraceDecoder
{
    // Some 200 for each kind of device and policy.
    private const int MostRegisters = 1_000_000;

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

    private static TraceEvent Gap(long overflown, long behind) => overflown >= 0 && behind >= 0
        ? new(default, []) { Overflown = overflown, Behind = behind }
        : throw new TraceFormatException("it says that fewer than no records are missing");

    private void Add(TraceRegister register)
    {
        if (++_count > MostRegisters)
        {
            throw new TraceFormatException($"it describes more than {MostRegisters} registers");
        }

        if (!_registers.TryGetValue(register.Permissions, out List<TraceRegister>? known))
        {
            _registers.Add(register.Permissions, known = []);
        }

        known.Add(register);
    }

    private List<TraceRegister> RegistersOf(in TraceRecord record)
    {
        List<TraceRegister> found = [];
        if (record.Permissions != 0 && record.Operation <= 1 && _registers.TryGetValue(record.Permissions, out List<TraceRegister>? known))
        {
            foreach (TraceRegister register in known)
            {
                if (register.Intersects(record.Offset, record.Size))
                {
                    found.Add(register);
                }
            }
        }

        return found;
    }
}
