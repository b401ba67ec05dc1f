using System.Runtime.InteropServices;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Filter.Map;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend.Tests.Tracing;

public sealed class TraceFormatTests
{
    private static readonly TraceRegister s_register = new(
        1, 0x88, 2, WriteRule.ByPolicy, IsNamed: true, 0xFFFF, "Device Control", "read from hardware; writes by policy");

    [Fact]
    public void What_was_written_is_read_again_and_registers_have_their_names()
    {
        TraceRecord record = new()
        {
            Kind = TraceRecord.RequestKind, Permissions = 1, Domain = 5, Operation = 1, Offset = 0x88, Size = 2, Value = 0x2830, DeniedBits = 0x0020,
            Flags = TraceRecord.HasFunction, HostBus = 4,
        };

        TraceEvent item = Assert.Single(Read([.. TraceFormat.Header(7), .. Of(s_register), .. Of(record)]));

        Assert.Equal(record.Value, item.Record.Value);
        Assert.Equal(s_register, Assert.Single(item.Registers));
        Assert.Equal("0000:04:00.0", item.Host.ToString());
        Assert.Equal(("Device Control", 0x20u), Assert.Single(item.Suggest()) is { } rule ? (rule.Register, rule.Mask) : default);
    }

    [Fact]
    public void What_no_policy_opens_has_no_suggestion()
    {
        TraceRecord record = new() { Kind = 1, Permissions = 1, Operation = 1, Offset = 0x88, Size = 2, DeniedBits = 0x20 };

        TraceEvent item = Assert.Single(Read([.. TraceFormat.Header(0), .. Of(s_register with { Allowable = 0xFFDF }), .. Of(record)]));

        Assert.Empty(item.Suggest());
    }

    /// <summary>The rule for what is not known: kinds are skipped, and what a record has behind those bytes that are known.</summary>
    [Fact]
    public void Kinds_that_are_not_known_are_skipped_and_longer_records_are_read_as_far_as_they_are_known()
    {
        byte[] header = TraceFormat.Header(0);
        header[10] = 72; // header bytes
        header[12] = 160; // record bytes
        byte[] unknown = new byte[160];
        unknown[0] = 77;
        byte[] known = new byte[160];
        Of(new TraceRecord { Kind = 1, Offset = 0x10 }).CopyTo(known, 0);

        TraceEvent item = Assert.Single(Read([.. header, .. new byte[8], .. unknown, .. known]));

        Assert.Equal(0x10, item.Record.Offset);
    }

    [Fact]
    public void Records_that_are_missing_are_said_in_their_place()
    {
        byte[] gap = new byte[TraceFormat.RecordBytes];
        TraceFormat.WriteGap(gap, 3, 4);

        TraceEvent item = Assert.Single(Read([.. TraceFormat.Header(0), .. gap]));

        Assert.Equal((true, 3L, 4L), (item.IsGap, item.Overflown, item.Behind));
    }

    /// <summary>A reader that lost what was said is told again; a reader that did not lose it is told twice.</summary>
    [Fact]
    public void A_register_that_is_said_again_is_the_one_that_is_known()
    {
        byte[] again = Of(s_register with { Name = "another" });
        TraceRecord record = new() { Kind = 1, Permissions = 1, Operation = 0, Offset = 0x88, Size = 2 };

        TraceEvent item = Assert.Single(Read([.. TraceFormat.Header(0), .. Of(s_register), .. again, .. again, .. Of(record)]));

        Assert.Equal("Device Control", Assert.Single(item.Registers).Name);
    }

    [Fact]
    public void Registers_are_found_in_whatever_order_they_came_and_those_of_one_access_alone()
    {
        byte[] file =
        [
            .. TraceFormat.Header(0), .. Of(s_register with { Offset = 0x10, Size = 0x20, Name = "long" }),
            .. Of(s_register with { Offset = 0x34, Size = 1, Name = "third" }),
            .. Of(s_register with { Offset = 0x30, Size = 2, Name = "first" }), .. Of(s_register with { Offset = 0x32, Size = 2, Name = "second" }),
            .. Of(s_register with { Permissions = 2, Offset = 0x30, Size = 4, Name = "another function's" }),
            .. Of(Access(0x30, 4)), .. Of(Access(0x2F, 1)), .. Of(Access(0x30, int.MaxValue)),
            .. Of(Access(int.MaxValue, 4)), .. Of(Access(0x35, 4)), .. Of(Access(-4, 4)),
        ];

        List<TraceEvent> read = Read(file);

        Assert.Equal(
            ["first second", "long", "first second", "", "", ""],
            read.Select(static item => string.Join(' ', item.Registers.Select(static register => register.Name))));

        static TraceRecord Access(int offset, int size) => new() { Kind = 1, Permissions = 1, Offset = offset, Size = size };
    }

    /// <summary>Some megabytes that describe as many registers as a trace may, all over the same bytes, and ask for them again and again.</summary>
    [Fact]
    public void A_small_file_costs_no_more_than_some_times_its_size()
    {
        byte[] header = TraceFormat.Header(0);
        byte[] register = Of(s_register with { Offset = 0, Size = 4096 });
        byte[] request = Of(new TraceRecord { Kind = 1, Permissions = 1, Offset = 0, Size = int.MaxValue });
        byte[] file =
        [
            .. header, .. Enumerable.Repeat(register, 20_000).SelectMany(static bytes => bytes),
            .. Enumerable.Repeat(request, 2_000).SelectMany(static bytes => bytes),
        ];
        long before = GC.GetAllocatedBytesForCurrentThread();

        List<TraceEvent> read = Read(file);

        Assert.Equal(2_000, read.Count);
        Assert.All(read, static item => Assert.Single(item.Registers));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20L * file.Length);
    }

    [Fact]
    public void More_missing_records_than_can_be_counted_are_as_many_as_can()
    {
        TraceEvent gap = new(default, []) { Overflown = long.MaxValue };

        Assert.Equal(long.MaxValue, gap.AddMissing(gap.AddMissing(0)));
        Assert.Equal(7, new TraceEvent(default, []) { Behind = 3, Overflown = 2 }.AddMissing(2));
    }

    public static TheoryData<byte[], string> Refused()
    {
        byte[] header = TraceFormat.Header(0);
        byte[] newer = [.. header];
        newer[8] = 2;
        byte[] tiny = [.. header];
        tiny[12] = 16;
        byte[] huge = [.. header];
        huge[15] = 0x7F;
        byte[] gap = new byte[TraceFormat.RecordBytes];
        TraceFormat.WriteGap(gap, -1, 0);
        byte[] none = new byte[TraceFormat.RecordBytes];
        TraceFormat.WriteGap(none, 0, 0);
        byte[] endless = new byte[TraceFormat.RecordBytes];
        TraceFormat.WriteGap(endless, long.MaxValue, 1);
        byte[] register = Of(s_register);
        byte[] empty = [.. register];
        empty[2] = 0;
        byte[] outside = [.. register];
        outside[9] = 0xFF;
        byte[] wordy = [.. register];
        wordy[17] = 0xFF;
        return new()
        {
            { [], "no trace" },
            { "not a trace at all, but longer than a header"u8.ToArray(), "no trace" },
            { header[..20], "no trace" },
            { header[..40], "cut off in its header" },
            { newer, "version 2" },
            { tiny, "this cannot be" },
            { huge, "this cannot be" },
            { [.. header, .. new byte[100]], "cut off in record 1, after 100 of its 128 bytes" },
            { [.. header, .. register, .. new byte[1]], "cut off in record 2" },
            { [.. header, .. gap], "fewer than no records" },
            { [.. header, .. none], "that there are none" },
            { [.. header, .. endless], "more records are missing than can be counted" },
            { [.. header, .. register, .. Of(s_register with { Offset = 0x89, Size = 1 })], "two registers" },
            { [.. header, .. register, .. Of(s_register with { Offset = 0x80, Size = 9 })], "two registers" },
            { [.. header, .. empty], "there can be none" },
            { [.. header, .. outside], "there can be none" },
            { [.. header, .. wordy], "there can be none" },
        };
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_file_that_is_cut_hostile_or_of_another_version_is_refused_in_words(byte[] bytes, string reason)
    {
        TraceFormatException refused = Assert.Throws<TraceFormatException>(() => Read(bytes));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A hundred thousand files of noise behind a right header, and of right files with wrong bytes: read, or refused by the one exception.</summary>
    [Fact]
    public void No_file_ends_in_anything_but_a_trace_or_a_refusal()
    {
        Random random = new(18);
        byte[] right = [.. TraceFormat.Header(0), .. Of(s_register),
            .. Of(new TraceRecord { Kind = 1, Permissions = 1, Operation = 1, Offset = 0x88, Size = 2, DeniedBits = 1 })];
        for (int i = 0; i < 100_000; i++)
        {
            byte[] bytes = [.. right.AsSpan(0, random.Next(right.Length + 1))];
            for (int wrong = random.Next(8); wrong > 0 && bytes.Length > 0; wrong--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            try
            {
                foreach (TraceEvent item in Read(bytes))
                {
                    _ = item.Suggest();
                    _ = item.Host;
                }
            }
            catch (TraceFormatException)
            {
                // That is how.
            }
        }
    }

    [Fact]
    public void Text_of_a_file_does_nothing_to_a_terminal()
    {
        var read = TraceRegister.Read(Of(s_register with { Name = "\e[31mred\n", Text = "Unlisted 0x40–0x7f" }));

        Assert.Equal(("?[31mred?", "Unlisted 0x40-0x7f"), (read.Name, read.Text));
    }

    private static List<TraceEvent> Read(byte[] bytes) => [.. TraceReader.ReadAll(new MemoryStream(bytes))];

    private static byte[] Of(TraceRecord record) => MemoryMarshal.AsBytes(new Span<TraceRecord>(ref record)).ToArray();

    private static byte[] Of(TraceRegister register)
    {
        byte[] bytes = new byte[TraceFormat.RecordBytes];
        register.Write(bytes);
        return bytes;
    }
}
