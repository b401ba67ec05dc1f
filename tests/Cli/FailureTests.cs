using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests;

public sealed class FailureTests
{
    private const string Row = "00: 86 80 d3 10 07 05 10 00 00 00 00 02 00 00 00 00\n";

    [Theory]
    [InlineData("guest-view --from-dump {0}", "")]
    [InlineData("devices --from-dump {0}", "")]
    [InlineData("explain --from-dump {0} COMMAND", "")]
    [InlineData("load --from-dump {0}", "")]
    [InlineData("profile --from-dump {0}", "")]
    public void An_empty_file_is_refused_by_every_verb(string line, string content)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("dump.txt", content);

        var run = CliRun.OfLine(string.Format(null, line, path));

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains($"{path}: the file is empty", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00:02.0 Thing\n" + Row + "20: 00\n", 3)]
    [InlineData("00:02.0 Thing\n00: 86 80 d3 1\n", 2)]
    [InlineData("00:02.0 Thing\n00: 86 80 xx 10\n", 2)]
    public void A_wrong_dump_is_refused_with_file_line_and_reason(string content, int line)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("dump.txt", content);

        var run = CliRun.Of("guest-view", "--from-dump", path);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Matches($@"^pcibackflow: {path}:{line}: .+\n  Give an lspci ", run.Errors);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void A_directory_is_no_dump()
    {
        using var folder = new TemporaryFolder();

        var run = CliRun.Of("guest-view", "--from-dump", folder["."]);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("it is a directory", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_function_that_the_capture_does_not_have_is_refused_with_those_it_has()
    {
        var run = CliRun.Of("guest-view", "--builtin", "e1000e", "--function", "00:1f.7");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("no function 0000:00:1f.7 in builtin e1000e: it has 0000:00:04.0", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_function_that_this_host_does_not_have_is_refused()
    {
        var run = CliRun.Of("guest-view", "--device", "ffffffff:ff:1f.7");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("no function ffffffff:ff:1f.7 on this host", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root-port")]
    [InlineData("pci-bridge")]
    public void A_bridge_is_not_given_to_guests(string name)
    {
        var run = CliRun.Of("load", "--builtin", name, "--duration", "0.1");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("is a PCI-to-PCI bridge", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("guest-view")]
    [InlineData("explain COMMAND")]
    [InlineData("load --duration 0.1")]
    public void CardBus_is_refused_with_exit_code_1(string verb)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("cardbus.txt", CardBusDump);

        var run = CliRun.OfLine($"{verb} --from-dump {path}");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("CardBus", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("guest-view", "05", "header type 5 is reserved")]
    [InlineData("explain COMMAND", "05", "header type 5 is reserved")]
    [InlineData("guest-view", "ff", "a function that does not answer")]
    [InlineData("explain COMMAND", "ff", "a function that does not answer")]
    public void A_function_without_a_known_header_is_refused_with_the_reason(string verb, string headerType, string reason)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("dump.txt", $"00:02.0 Thing\n00: ff ff ff ff ff ff ff ff ff ff ff ff ff ff {headerType} ff\n" + string.Concat(
            Enumerable.Range(1, 3).Select(row => $"{row}0: {string.Join(' ', Enumerable.Repeat("ff", 16))}\n")));

        var run = CliRun.OfLine($"{verb} --from-dump {path}");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains(
            $"refused: 0000:00:02.0: {reason}",
            run.Errors.ReplaceLineEndings(" ").Replace("all ones: ", string.Empty, StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.DoesNotContain("defect", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("load --duration 0.1 --warmup 0.1 --guests 2 --json", ExitCode.Done)]
    [InlineData("load --duration 0.1 --function 00:02.0", ExitCode.Failed)]
    [InlineData("profile --operations 1000 --json", ExitCode.Done)]
    public void A_chipset_bridge_with_a_device_header_stays_with_its_machine(string line, int code)
    {
        using var folder = new TemporaryFolder();
        string bridge = Dump("00:02.0", 0).Replace("00 00 00 02 00 00 00 00", "00 00 00 06 00 00 00 00", StringComparison.Ordinal);
        Assert.Contains("00 00 00 06", bridge, StringComparison.Ordinal);
        string path = folder.Write("two.txt", bridge + Dump("00:03.0", 0));

        var run = CliRun.OfLine($"{line} --from-dump {path}");

        Assert.Equal(code, run.ExitCode);
        Assert.Contains(code == ExitCode.Done ? "1 of 2 functions are bridges" : "is a bridge of the host's chipset", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_a_dump()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("dump.txt", "\uFEFF" + Dump("00:02.0", 0));

        CliRun.Of("guest-view", "--from-dump", path).Succeeded();
    }

    [Fact]
    public void Explain_works_on_one_function_and_lists_those_to_choose_from()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("two.txt", Dump("00:02.0", 0) + Dump("00:03.0", 0));

        var run = CliRun.Of("explain", "--from-dump", path, "COMMAND");

        Assert.Equal(ExitCode.WrongWords, run.ExitCode);
        Assert.Contains("--function: 0000:00:02.0, 0000:00:03.0", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--report")]
    [InlineData("--hgrm")]
    public void A_result_file_that_cannot_be_written_is_said_before_the_run(string option)
    {
        var run = CliRun.Of("load", option, "/nonexistent-folder/file", "--duration", "60");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("cannot write /nonexistent-folder/file", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_interrupts_mix_says_which_frontend_does_not_have_it()
    {
        var run = CliRun.OfLine("load --mix interrupts --frontend netbsd --duration 0.1");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("not available", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_file_that_is_wrong_is_refused_with_its_place()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("policy.json", "{ \"rules\": [ { \"registre\": \"Command\" } ] }");

        var run = CliRun.Of("guest-view", "--builtin", "e1000e", "--policy", path);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains($"{path}: rules[0].registre: unknown key", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_cannot_be_written_is_one_line_and_no_trace()
    {
        using var errors = new StringWriter();
        using var full = new StreamWriter(new FullStream());
        using var progress = new MemoryStream();

        int code = CliRunner.Run(["devices", "--builtin", "e1000e"], new CliConsole(full, errors, progress, false, false, () => default));

        Assert.Equal(ExitCode.Failed, code);
        Assert.Equal("pcibackflow: No space left on device", errors.ToString().Trim());
        full.BaseStream.SetLength(0);
    }

    internal static string CardBusDump => Dump("01:03.0", 2);

    internal static string Dump(string address, byte headerType)
    {
        var rows = new System.Text.StringBuilder($"{address} Thing\n");
        rows.Append($"00: 86 80 d3 10 07 05 10 00 00 00 00 02 00 00 {headerType:x2} 00\n");
        for (int row = 0x10; row < 0x40; row += 0x10)
        {
            rows.Append($"{row:x2}:{string.Concat(Enumerable.Repeat(" 00", 16))}\n");
        }

        return rows.Append('\n').ToString();
    }

    /// <summary>A disk that is full until it is truncated.</summary>
    private sealed class FullStream : MemoryStream
    {
        private bool _isFull = true;

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (_isFull)
            {
                throw new IOException("No space left on device");
            }
        }

        public override void Flush()
        {
        }

        public override void SetLength(long value) => _isFull = false;
    }
}
