using System.Text.Json;

namespace PciBackFlow.Cli.Tests;

/// <summary>Dumps that end before the configuration space does, through the verbs: what they do not tell is said to be unknown.</summary>
public sealed class ShortCapturesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // lspci -x by a normal user: the kernel gives no more (drivers/pci/pci-sysfs.c, pci_read_config).
    [Theory]
    [InlineData(64, "guest-view")]
    [InlineData(64, "guest-view --json")]
    [InlineData(64, "devices")]
    [InlineData(64, "devices --json")]
    [InlineData(64, "explain 0 44 100.b=1 CAP_PM+4")]
    [InlineData(64, "explain 44 44=1 fff.b")]
    [InlineData(64, "explain --json 44 44=1 fff.b")]
    [InlineData(64, "explain ECAP_AER+4")]
    [InlineData(64, "learn 44=1")]
    [InlineData(64, "learn 44")]
    [InlineData(64, "learn CAP_EXP+8.w=2830")]
    [InlineData(160, "explain a0 9e.l")]
    [InlineData(160, "learn a0=1")]
    [InlineData(256, "explain 100")]
    [InlineData(256, "explain ECAP_AER+4")]
    [InlineData(256, "learn ECAP_AER+14=40")]
    [InlineData(256, "devices")]
    [InlineData(256, "guest-view")]
    public void A_short_capture_is_said_in_the_same_words_everywhere_and_nothing_is_claimed_of_the_rest(int length, string words)
    {
        string dump = _folder.Write("short.txt", DumpText.Of(
            "03:00.0 Ethernet controller: I210", "Region 0: Memory at f7000000 (32-bit, non-prefetchable) [size=1M]|Capabilities: <access denied>",
            Short(length), length));

        var run = CliRun.OfLine($"{words} --from-dump {dump}");

        Assert.Contains($"only the first {length} bytes were captured", run.Output + run.Errors, StringComparison.Ordinal);
        string[] claims = ["no such capability", "broken", "outside", "nothing of it is denied", "no capability claims", "behind what can be read"];
        foreach (string claim in claims)
        {
            Assert.DoesNotContain(claim, run.Output + run.Errors, StringComparison.Ordinal);
        }

        if (words.StartsWith("learn", StringComparison.Ordinal))
        {
            Assert.Equal((Terminal.ExitCode.Failed, string.Empty), (run.ExitCode, run.Output));
        }
    }

    [Fact]
    public void A_policy_is_not_said_to_name_what_a_short_capture_may_have()
    {
        string policy = _folder.Write("policy.json", """{"rules":[{"register":"CAP_PM","offset":4}],"hide":["CAP_VPD"]}""");
        string dump = _folder.Write("short.txt", DumpText.Of("03:00.0 I210", "", Short(64), 64));

        CliRun run = CliRun.OfLine($"guest-view --policy {policy} --from-dump {dump}").Succeeded();

        Assert.DoesNotContain("has no such", run.Errors, StringComparison.Ordinal);
        Assert.Contains("not among the 64 bytes of the function that can be read", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Scripts_are_told_what_is_not_known()
    {
        string dump = _folder.Write("short.txt", DumpText.Of("03:00.0 I210", "", Short(64), 64));

        JsonElement[] explained = [.. CliRun.OfLine($"explain --json 3c 40 40=1 --from-dump {dump}").Json().EnumerateArray()];
        JsonElement device = Assert.Single(CliRun.OfLine($"devices --json --from-dump {dump}").Json().EnumerateArray());

        Assert.Equal([false, true, true], explained.Select(access => access.TryGetProperty("known", out JsonElement known) && !known.GetBoolean()));
        Assert.Equal([1, 0, 0], explained.Select(access => Math.Min(1, access.GetProperty("rows").GetArrayLength())));
        Assert.Equal("only the first 64 bytes were captured", device.GetProperty("incomplete").GetString());
        Assert.Equal((64, 0), (device.GetProperty("readable_size").GetInt32(), device.GetProperty("capability_defects").GetArrayLength()));
    }

    // A list that goes on behind the capture may claim any register before its end.
    [Fact]
    public void What_an_unread_part_of_the_list_may_claim_is_not_said_to_be_nobodys()
    {
        string dump = _folder.Write("short.txt", DumpText.Of("03:00.0 I210", "", "00=86803315 06=1000 34=40 40=01d0", 160));

        string text = CliRun.OfLine($"explain 80 --from-dump {dump}").Succeeded().Output;

        Assert.Contains("no capability that can be read claims it", text, StringComparison.Ordinal);
        Assert.DoesNotContain("no capability claims it", text, StringComparison.Ordinal);
    }

    // 256 bytes are all that a conventional function has.
    [Fact]
    public void A_whole_capture_of_a_conventional_function_is_not_short()
    {
        string dump = _folder.Write("whole.txt", DumpText.Of("00:05.0 Thing", "", "00=86801533"));

        Assert.Contains("no such capability", CliRun.OfLine($"explain ECAP_AER+4 --from-dump {dump}").Errors, StringComparison.Ordinal);
        Assert.Contains("outside the function's space", CliRun.OfLine($"explain 100 --from-dump {dump}").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("captured", CliRun.OfLine($"devices --from-dump {dump}").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_whole_machine_its_short_captures_are_counted()
    {
        string dump = _folder.Write("machine.txt", string.Concat(Enumerable.Range(0, 3).Select(slot => DumpText.Of($"00:0{slot}.0 I210", "", Short(64), 64))));

        CliRun run = CliRun.OfLine($"guest-view --from-dump {dump}").Succeeded();

        Assert.Contains("of 3 functions only the first 64 bytes were captured", run.Errors, StringComparison.Ordinal);
    }

    internal static string Short(int length) =>
        "00=86803315 06=1000 0a=0002 10=000000f7 34=40 3c=0b01" + (length > 80 ? " 40=0150 50=1000" : string.Empty);
}
