using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace PciBackFlow.Backend.Grants;

/// <summary>A record as bytes: CRC-32C in eight hexadecimal digits, a blank, JSON, a line feed. JSON has no raw line feed, so a line is a record.</summary>
internal static class JournalLine
{
    private const int ChecksumDigits = 8;
    private const int Prefix = ChecksumDigits + 1;

    /// <summary>The line of a record.</summary>
    public static byte[] Format(JournalRecord record)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(record, JournalJson.Default.JournalRecord);
        byte[] line = new byte[Prefix + json.Length + 1];
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Checksum(json):x8} "), line);
        json.CopyTo(line, Prefix);
        line[^1] = (byte)'\n';
        return line;
    }

    /// <summary>Reads a line without its line feed.</summary>
    /// <returns>The record, or null when the line is damaged or torn.</returns>
    public static JournalRecord? Parse(ReadOnlySpan<byte> line)
    {
        if (line.Length <= Prefix || line[ChecksumDigits] != (byte)' '
            || !uint.TryParse(line[..ChecksumDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint checksum)
            || checksum != Checksum(line[Prefix..]))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line[Prefix..], JournalJson.Default.JournalRecord);
        }
        catch (JsonException)
        {
            // The checksum holds, but another version wrote it.
            return null;
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint checksum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            checksum = BitOperations.Crc32C(checksum, value);
        }

        return ~checksum;
    }
}
