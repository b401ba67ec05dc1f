using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests;

public sealed class WrongWordsTests
{
    [Theory]
    [InlineData("", "Required command was not provided")]
    [InlineData("nonsense", "'nonsense'")]
    [InlineData("attach", "'attach'")]
    [InlineData("serve --topology dataflow", "fused, queued, not 'dataflow'")]
    [InlineData("serve --shards 0", "'auto' or a whole number from 1 to 256")]
    [InlineData("serve --json", "--check")]
    [InlineData("serve --platform xem", "xen, loopback, not 'xem'")]
    [InlineData("pci-attach demo1", "PCI_SPEC is missing")]
    [InlineData("pci-assignable-add 0:1.2", "BDF")]
    [InlineData("load --topology sideways", "--topology takes fused, queued, dataflow, not 'sideways'")]
    [InlineData("load --mix sweet", "--mix takes scan, mixed, write, interrupts, boot, not 'sweet'")]
    [InlineData(
        "load --neighbour fast=5ms",
        "--neighbour takes slow=TIME, access=TIME or hang=TIME, with a time from 1us (hang: 1s) to 60s in us, ms or s; hung (as hang=5s); storm; or zipf, "
        + "not 'fast=5ms'")]
    [InlineData("load --workers 0", "--workers takes a whole number from 1 to 256, not '0'")]
    [InlineData("load --frontend windows", "--frontend takes linux, netbsd, minios, not 'windows'")]
    [InlineData("load --guests 0", "--guests takes a whole number from 1 to 32000, not '0'")]
    [InlineData("load --guests many", "not 'many'")]
    [InlineData("load --guests 1e3", "not '1e3'")]
    [InlineData("load --guests -4", "not '-4'")]
    [InlineData("load --duration 0", "--duration takes seconds, more than 0 and at most 86400, not '0'")]
    [InlineData("load --duration 1,5", "not '1,5'")]
    [InlineData("load --duration -1", "not '-1'")]
    [InlineData("load --shards 0", "--shards takes 'auto' or a whole number from 1 to 256, not '0'")]
    [InlineData("load --rate -1", "--rate takes a whole number")]
    [InlineData("load --spin x", "--spin takes a whole number from 0 to 1000000, not 'x'")]
    [InlineData("load --guests", "--guests")]
    [InlineData("load --guests 1 --guests 2", "--guests")]
    [InlineData("load more", "'more'")]
    [InlineData("profile --operations 999", "--operations takes a whole number from 1000")]
    [InlineData("guest-view --builtin e1000e --device all", "--device and --builtin exclude each other")]
    [InlineData("devices --from-dump a --device 00:00.0", "--device and --from-dump exclude each other")]
    [InlineData("guest-view --function 00:00.0", "--function picks a function of a capture: it needs --from-dump or --builtin")]
    [InlineData("guest-view --builtin nosuch", "no builtin capture 'nosuch'")]
    [InlineData("explain --builtin e1000e", "ACCESS")]
    [InlineData("explain --builtin e1000e --live COMMAND", "--live needs --device BDF")]
    [InlineData("explain --builtin e1000e --force COMMAND", "--force belongs to --live")]
    [InlineData("learn --builtin e1000e", "nothing to learn from: name an ACCESS, or a file with --from")]
    [InlineData("learn --builtin e1000e COMMAND.q", "a size is .b, .w or .l")]
    [InlineData("devices capture 00:00.0", "FILE")]
    [InlineData("completion tcsh", "'tcsh'")]
    public void Are_refused_with_exit_code_2_and_the_reason(string line, string reason)
    {
        var run = CliRun.OfLine(line);

        Assert.Equal(ExitCode.WrongWords, run.ExitCode);
        Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("laod", "load")]
    [InlineData("guestview", "guest-view")]
    [InlineData("load --guest", "--guests")]
    [InlineData("devices --jsn", "--json")]
    public void A_typing_slip_is_answered_with_the_word_that_was_meant(string line, string meant)
    {
        var run = CliRun.OfLine(line);

        Assert.Equal(ExitCode.WrongWords, run.ExitCode);
        Assert.Contains($"did you mean {meant}?", run.Errors, StringComparison.Ordinal);
    }

    // The column of the caret is the index of the wrong character; the word's length where something is missing at its end.
    [Theory]
    [InlineData("guest-view --device", "00:1g.0", 4)]
    [InlineData("guest-view --device", "00:02", 5)]
    [InlineData("guest-view --device", "00:20.0", 3)]
    [InlineData("guest-view --device", "00:02.8", 6)]
    [InlineData("guest-view --device", "00:02.0x", 7)]
    [InlineData("guest-view --device", "everything", 1)]
    [InlineData("guest-view --device", "123:00:02.0", 3)]
    [InlineData("guest-view --device", "123456789:00:02.0", 8)]
    [InlineData("load --device", "zz:02.0", 0)]
    [InlineData("devices --from-dump f --function", "00:02.", 6)]
    [InlineData("devices capture", "00-02.0", 2)]
    [InlineData("explain --builtin e1000e", "0x4g", 3)]
    [InlineData("explain --builtin e1000e", "COMMAND.q", 8)]
    [InlineData("explain --builtin e1000e", "COMAND", 0)]
    [InlineData("explain --builtin e1000e", "COMMAND=", 8)]
    [InlineData("explain --builtin e1000e", "4.b=100", 4)]
    [InlineData("explain --builtin e1000e", "CAP_PM+x", 7)]
    public void A_caret_stands_under_the_wrong_character(string before, string word, int column)
    {
        var run = CliRun.Of([.. before.Split(' '), word]);

        Assert.Equal(ExitCode.WrongWords, run.ExitCode);
        string[] lines = run.Errors.Split('\n');
        int shown = Array.IndexOf(lines, "  " + word);
        Assert.True(shown >= 0, run.Errors);
        Assert.Equal(new string(' ', column + 2) + "^", lines[shown + 1]);
    }

    [Fact]
    public void A_word_with_control_characters_cannot_move_the_caret_or_the_cursor()
    {
        var run = CliRun.Of("guest-view", "--device", "00:\e[2J02.0");

        Assert.Contains("  00:?[2J02.0\n     ^", run.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCode.WrongWords, run.ExitCode);
    }

    [Fact]
    public void An_at_sign_begins_a_word_not_a_response_file()
    {
        var run = CliRun.Of("devices", "--from-dump", "@nosuch");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("cannot read @nosuch: there is no such file", run.Errors, StringComparison.Ordinal);
    }
}
