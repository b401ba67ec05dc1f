using System.Diagnostics;
using System.Globalization;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;
using PciBackFlow.Tests.Shared;

namespace PciBackFlow.Filter.Tests.Insight;

/// <summary>
/// setpci's words against setpci itself, where it is installed: what it reads out of a dump, the same words have to read here, and what it refuses for its
/// words is refused. Rows: the examples of setpci(8), its usage text, and the branches of its parser (pciutils, setpci.c, parse_op and parse_register).
/// </summary>
public sealed class SetpciGrammarTests
{
    private const string Setpci = "/usr/bin/setpci";

    // PM at 40, vendor-specific at 50, 60 and 70, PCI Express at 80; AER at 100, two vendor-specific at 140 and 150, id 108 at 160.
    private static readonly string Dump = DumpText.Of(
        "00:05.0 Thing", string.Empty,
        "00=86803315 04=0605100001000002 10=000000f7 2c=341278560a 34=40 40=0150023600000801 50=0960103a11223344 60=0970101155667788 70=0980101299aabbcc "
        + "80=1000020011121314 100=01000114aabbccdd 140=0b00011501000101 150=0b00011602000202 160=08010100deadbeef",
        4096);

    public static TheoryData<string> Words =>
    [
        // setpci(8), EXAMPLES.
        "COMMAND", "4.w", "COMMAND.l", "VENDOR_ID+1.b", "CAP_PM+2.w", "ECAP108.l",

        // Names and numbers in every case; widths of names.
        "command", "Device_Id", "0x4.W", "0004.b", "00000000004.l", "BASE_ADDRESS_0", "INTERRUPT_PIN", "LATENCY_TIMER", "STATUS.B", "CLASS_DEVICE",
        "SUBSYSTEM_ID",
        "CAP01.l", "CAP1.w", "cap_pm.l", "ECAP_AER.l", "ECAP1.w", "ecap0001+4.l", "CAP_EXP+4.l", "CAP10+4.w", "CAP0x10.b",

        // The N-th of a kind: base, offset, width, number.
        "CAP_VNDR.l", "CAP_VNDR.l@0", "CAP_VNDR.l@1", "CAP_VNDR.l@2", "CAP_VNDR+4.l@1", "CAP_VNDR+4.w@2", "CAP_VNDR+0x5.b@0x1", "CAP09+4.l@01", "ECAP_VNDR.l@1",
        "ECAP_VNDR+4.l@0", "ECAPb+4.w@1",
    ];

    public static TheoryData<string> Wrong =>
    [
        "NOSUCH", "NOSUCH.w", "CAP_NOSUCH.w", "CAP_.w", "CAPxyz.w", "CAP100.b", "ECAP_NOSUCH.w", "4.q", "4.", "4.ww", "4.w@", "CAP_VNDR.l@x",
        "COMMAND+", "COMMAND+x", "4.w=", "4.w=x", "4.w=12345", "4.b=100", "4.b=1:", "4.b=1:x", "4.b=1:100", "4.l=100000000", "100000000.l", "CAP_VNDR+4.l@3",
    ];

    public static TheoryData<string, uint, uint> Written => new()
    {
        // Old values: COMMAND 0506, LATENCY_TIMER 00, CAP_VNDR+4 of the second 88776655, BASE_ADDRESS_0 f7000000.
        { "COMMAND=7", 0x0506, 7 },
        { "COMMAND=0x107", 0x0506, 0x107 },
        { "COMMAND=4:4", 0x0506, 0x0506 },
        { "COMMAND=0:4", 0x0506, 0x0502 },
        { "COMMAND=fff1:1", 0x0506, 0x0507 },
        { "COMMAND=ff00:ffff", 0x0506, 0xFF00 },
        { "4.b=ffffff81", 0x06, 0x81 },
        { "COMMAND=ffff0001:ffffffff", 0x0506, 1 },
        { "CAP_VNDR+4.l@1=f0:ff", 0x88776655, 0x887766F0 },
        { "10.l=00ff0000:00ff0000", 0xF7000000, 0xF7FF0000 },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public void A_word_reads_what_setpci_reads(string word)
    {
        using CapturedFunction function = Function();
        ConfigAccess access = Find(word, function);
        Assert.True(function.TryRead(access.Offset, access.Size, out uint value));

        Assert.Equal(Ask("-s", "00:05.0", word), value.ToString($"x{2 * access.Size}", CultureInfo.InvariantCulture));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_word_that_setpci_refuses_is_refused(string word)
    {
        using CapturedFunction function = Function();
        bool isFound = AccessExpression.TryParse(word, out AccessExpression? expression, out _) && expression.TryResolve(function.Capabilities, out _, out _);

        Assert.False(isFound);
        Assert.Matches("^(setpci: |0000:00:05.0: )", Ask("-D", "-s", "00:05.0", word));
    }

    // setpci -D writes nothing and prints what it would; a mask is read, changed and written.
    [Theory]
    [MemberData(nameof(Written))]
    public void A_value_is_written_as_setpci_writes_it(string word, uint old, uint value)
    {
        using CapturedFunction function = Function();
        ConfigAccess access = Find(word, function);
        Assert.True(function.TryRead(access.Offset, access.Size, out uint now));
        Assert.Equal(old, now);
        uint mask = access.Mask ?? NoAnswer.Of(access.Size);
        Assert.Equal(value, (now & ~mask) | access.WriteValue!.Value);

        ExplainedAccess explained = Explain.Run(function, Filter.Policy.AccessPolicy.Default, [access])[0];
        Assert.Equal((true, value), (explained.Access == "write", explained.Value));

        string said = Ask("-v", "-D", "-s", "00:05.0", word).TrimEnd();
        Assert.EndsWith(value.ToString($"x{2 * access.Size}", CultureInfo.InvariantCulture), said, StringComparison.Ordinal);
    }

    // Where setpci is stricter (a guest can send these), or takes a word and does nothing of it.
    [Theory]
    [InlineData("4", true)]
    [InlineData("CAP_PM+4", true)]
    [InlineData("5.w", true)]
    [InlineData("2000.l", true)]
    [InlineData("CAP_VNDR@1+4.l", true)]
    [InlineData("COMMAND@1", false)]
    [InlineData("4.b=1,2", false)]
    public void Differences_from_setpci_are_meant(string word, bool isRead)
    {
        using CapturedFunction function = Function();
        bool isFound = AccessExpression.TryParse(word, out AccessExpression? expression, out _) && expression.TryResolve(function.Capabilities, out _, out _);

        Assert.Equal(isRead, isFound);
    }

    private static CapturedFunction Function() => new("dump", Assert.Single(LspciDump.Parse("dump", Dump)));

    private static ConfigAccess Find(string word, CapturedFunction function)
    {
        Assert.True(AccessExpression.TryParse(word, out AccessExpression? expression, out AccessSyntaxError? error), error?.Message);
        Assert.True(expression.TryResolve(function.Capabilities, out ConfigAccess access, out error), error?.Message);
        return access;
    }

    private static string Ask(params string[] words)
    {
        if (!File.Exists(Setpci))
        {
            Assert.Skip("needs setpci (Debian: pciutils)");
        }

        using var folder = new TemporaryFolder();
        string file = folder.Write("dump.txt", Dump);
        ProcessStartInfo start = new(Setpci, ["-A", "dump", "-O", $"dump.name={file}", .. words])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Trim().Length > 0 ? output.Trim() : errors.Result;
    }
}
