using System.Numerics;
using System.Text;
using PciBackFlow.Backend.Grants;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>
/// A line of the journal. Behind a first byte of C comes what gets a right checksum before it is read, because no fuzzer guesses one. What is read is
/// written so that it is read as the same.
/// </summary>
internal sealed class JournalTarget : FuzzTarget
{
    internal override string Name => "journal";

    internal override IEnumerable<byte[]> Seeds()
    {
        JournalRecord record = new(7, "b", Guid.Empty, 3, "0000:03:00.0", GrantKind.Memory, 1, 2, null, JournalPhase.Intent, GrantOwner.Us);
        JournalRecord[] records =
        [
            record, record with { Kind = GrantKind.Messages, Text = "17,18,19", Phase = JournalPhase.Result },
            record with { Kind = GrantKind.Kept, Text = "03:00.0", Owner = GrantOwner.Toolstack },
            record with { Phase = JournalPhase.Revoked, Id = long.MaxValue },
        ];
        foreach (JournalRecord each in records)
        {
            byte[] line = JournalLine.Format(each)[..^1];
            yield return line;
            yield return [(byte)'C', .. line.AsSpan(9)];
        }

        yield return "Cnull"u8.ToArray();
        yield return "12345678 {}"u8.ToArray();
    }

    internal override string Run(ReadOnlySpan<byte> input)
    {
        JournalRecord? record = JournalLine.Parse(input is [(byte)'C', ..] ? WithChecksum(input[1..]) : input);
        if (record is null)
        {
            return "refused";
        }

        byte[] written = JournalLine.Format(record);
        Require(written[^1] == '\n' && !written.AsSpan(0, written.Length - 1).Contains((byte)'\n'), "a record is not one line");
        JournalRecord? again = JournalLine.Parse(written.AsSpan(0, written.Length - 1));
        Require(again == record, $"'{Encoding.UTF8.GetString(written)}' is not read as what it was written from");
        _ = new Grant(record.Kind, record.First, record.Count, record.Text).Pirqs();
        return "accepted";
    }

    private static byte[] WithChecksum(ReadOnlySpan<byte> json)
    {
        uint checksum = uint.MaxValue;
        foreach (byte value in json)
        {
            checksum = BitOperations.Crc32C(checksum, value);
        }

        return [.. Encoding.ASCII.GetBytes($"{~checksum:x8} "), .. json];
    }
}
