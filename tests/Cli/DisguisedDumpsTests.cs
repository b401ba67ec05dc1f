using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Tests;

/// <summary>Dumps as forums, mails and editors leave them, through the verbs.</summary>
public sealed class DisguisedDumpsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Disguises
    {
        get
        {
            string dump = DumpText.Of("00:05.0 Thing", "Region 0: Memory at f1000000 (32-bit, non-prefetchable) [size=1M]", "00=86801533 10=000000f1");
            string[] lines = dump.Split('\n');
            return new()
            {
                { "indented", string.Join('\n', lines.Select(line => "    " + line)) },
                { "indented, empty lines not", string.Join('\n', lines.Select(line => line.Length == 0 ? line : "\t" + line)) },
                { "quoted", "Somebody wrote:\n" + string.Join('\n', lines.Select(line => ("> " + line).TrimEnd())) },
                { "quoted twice", string.Join("\r\n", lines.Select(line => (">> " + line).TrimEnd())) },
                { "without indentation of decoded lines", dump.Replace("\t", string.Empty, StringComparison.Ordinal) },
                { "with spaces that do not break", dump.Replace(' ', '\u00A0') },
                { "amid other text", "Hello,\nmy card:\n\n" + dump + "Regards\n" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Disguises))]
    public void A_dump_is_read_as_forums_and_mails_leave_it(string what, string text)
    {
        Assert.NotEmpty(what);
        CheckDisguised(_folder.Write("dump.txt", text));
    }

    [Theory]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16BE", false)]
    [InlineData("utf-8", true)]
    public void A_dump_is_read_as_the_editors_of_Windows_leave_it(string encoding, bool hasMark)
    {
        string dump = DumpText.Of("00:05.0 Thing", "Region 0: Memory at f1000000 (32-bit, non-prefetchable) [size=1M]", "00=86801533 10=000000f1");
        var written = System.Text.Encoding.GetEncoding(encoding);
        byte[] bytes = written.GetBytes(dump.ReplaceLineEndings("\r\n"));
        File.WriteAllBytes(_folder["dump.txt"], hasMark ? [.. written.Preamble, .. bytes] : bytes);

        CheckDisguised(_folder["dump.txt"]);
    }

    private static void CheckDisguised(string dump)
    {
        CapturedConfig read = Assert.Single(Capture.Load(dump).Functions);

        Assert.Equal((PciAddress.Parse("00:05.0"), 256, 1UL << 20), (read.Address, read.Bytes.Length, read.Regions[0].Length));
        CliRun.OfLine($"guest-view --from-dump {dump}").Succeeded();
    }
}
