using System.Buffers.Binary;
using System.Text;
using PciBackFlow.Filter.Map;
using PciBackFlow.Hardware.Text;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tracing;

/// <summary>A register of some permissions, as a trace names it: the row of the map, or of a long row the part whose dwords are alike.</summary>
/// <param name="Permissions">The number of the permissions (<see cref="TraceRecord.Permissions"/>).</param>
/// <param name="Offset">First byte.</param>
/// <param name="Size">Bytes, at least 1.</param>
/// <param name="Rule">Who decides about writes.</param>
/// <param name="IsNamed">Whether a policy rule can name it.</param>
/// <param name="Allowable">Bits that a policy rule could still open, in the lanes of each dword.</param>
/// <param name="Name">Its name; printable.</param>
/// <param name="Text">The rule for people, with the policy that decides; printable.</param>
public sealed record TraceRegister(uint Permissions, int Offset, int Size, WriteRule Rule, bool IsNamed, uint Allowable, string Name, string Text)
{
    private const int TextAt = 18;
    private const int MostText = TraceFormat.RecordBytes - TextAt;
    private const int SpaceBytes = 4096;

    /// <summary>The registers of a map, in their order.</summary>
    /// <param name="permissions">The number it gets.</param>
    /// <param name="map">The map.</param>
    /// <returns>Its registers.</returns>
    public static IEnumerable<TraceRegister> Of(uint permissions, ConfigSpaceMap map)
    {
        foreach (RegisterRow row in map.Rows)
        {
            int end = row.Offset + row.Size;
            for (int from = row.Offset; from < end;)
            {
                uint allowable = AllowableIn(map, from);
                int to = Math.Min(end, (from & ~3) + 4);
                while (to < end && AllowableIn(map, to) == allowable)
                {
                    to = Math.Min(end, to + 4);
                }

                yield return new(permissions, from, to - from, row.Rule, row.IsNamed && row.Size == to - from, allowable, row.Name, row.Text);
                from = to;
            }
        }
    }

    /// <summary>Whether it covers any byte of a range.</summary>
    /// <param name="offset">First byte; any.</param>
    /// <param name="size">Bytes; any.</param>
    /// <returns>Whether it does.</returns>
    public bool Intersects(int offset, int size) => size > 0 && Offset < (long)offset + size && offset < Offset + Size;

    /// <summary>Writes it.</summary>
    /// <param name="target">Receives <see cref="TraceFormat.RecordBytes"/> bytes.</param>
    public void Write(Span<byte> target)
    {
        target = target[..TraceFormat.RecordBytes];
        target.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(target, TraceFormat.RegisterKind);
        BinaryPrimitives.WriteUInt16LittleEndian(target[2..], (ushort)Size);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Permissions);
        BinaryPrimitives.WriteUInt16LittleEndian(target[8..], (ushort)Offset);
        target[10] = (byte)Rule;
        target[11] = (byte)(IsNamed ? 1 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], Allowable);

        // A name has to be whole, because a rule may name it; all of them are far shorter.
        byte[] name = Encoding.UTF8.GetBytes(Name);
        byte[] text = Encoding.UTF8.GetBytes(Text);
        int nameLength = Math.Min(name.Length, MostText);
        int textLength = Math.Min(text.Length, MostText - nameLength);
        target[16] = (byte)nameLength;
        target[17] = (byte)textLength;
        name.AsSpan(0, nameLength).CopyTo(target[TextAt..]);
        text.AsSpan(0, textLength).CopyTo(target[(TextAt + nameLength)..]);
    }

    /// <summary>Reads one.</summary>
    /// <param name="record">At least <see cref="TraceFormat.RecordBytes"/> bytes of kind <see cref="TraceFormat.RegisterKind"/>.</param>
    /// <returns>The register.</returns>
    /// <exception cref="TraceFormatException">There can be no such register.</exception>
    public static TraceRegister Read(ReadOnlySpan<byte> record)
    {
        int size = BinaryPrimitives.ReadUInt16LittleEndian(record[2..]);
        int offset = BinaryPrimitives.ReadUInt16LittleEndian(record[8..]);
        int nameLength = record[16];
        int textLength = record[17];
        if (size == 0 || offset + size > SpaceBytes || nameLength + textLength > MostText)
        {
            throw new TraceFormatException($"it describes a register of {size} bytes at 0x{offset:x} with {nameLength + textLength} bytes of text; "
                + "there can be none");
        }

        return new(
            BinaryPrimitives.ReadUInt32LittleEndian(record[4..]), offset, size, (WriteRule)record[10], (record[11] & 1) != 0,
            BinaryPrimitives.ReadUInt32LittleEndian(record[12..]), TextOf(record.Slice(TextAt, nameLength)),
            TextOf(record.Slice(TextAt + nameLength, textLength)));
    }

    private static uint AllowableIn(ConfigSpaceMap map, int offset)
    {
        ref readonly ConfigDword dword = ref map[offset >> 2];
        return dword.ByPolicy & ~dword.Denied & ~dword.EffectMask;
    }

    // Ranges have a dash that is not ASCII; everything else that a terminal could act upon is replaced, and half a character at the end with it.
    private static string TextOf(ReadOnlySpan<byte> utf8)
    {
        string text = Encoding.UTF8.GetString(utf8).Replace('\u2013', '-').TrimEnd('\ufffd');
        return ForeignText.Shown(text, text.Length, replacement: '?');
    }
}
