using System.Text.Json;
using PciBackFlow.Filter.Files;

namespace PciBackFlow.Cli.Tests;

public sealed class PolicyTests
{
    [Fact]
    public void The_list_names_all_that_ship_and_each_can_be_shown_kept_and_used()
    {
        string[] names = [.. CliRun.OfLine("policy list --json").Json().EnumerateArray().Select(one => one.GetProperty("name").GetString()!)];

        Assert.Equal(ShippedPolicies.Names, names);
        string table = CliRun.OfLine("policy list").Succeeded().Output;
        Assert.All(names, name =>
        {
            Assert.Contains(name, table, StringComparison.Ordinal);
            using var file = JsonDocument.Parse(CliRun.Of("policy", "show", name).Succeeded().Output);
            Assert.True(file.RootElement.GetProperty("rules").GetArrayLength() > 0);
        });
        Assert.Contains("allow rule", CliRun.OfLine("explain --builtin xhci --policy igb CAP_EXP+28.w=5").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trial_prints_what_is_opened_and_fails_when_something_is_dangerous()
    {
        CliRun harmless = CliRun.OfLine("policy try igb --builtin xhci").Succeeded();
        Assert.Contains("PCIe Device Control 2: bits 0xf", harmless.Output, StringComparison.Ordinal);
        Assert.Contains("nothing of it is dangerous", harmless.Output, StringComparison.Ordinal);

        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "register": "PCIe Device Control", "mask": "0x00e0" }""");
            var dangerous = CliRun.Of("policy", "try", file, "--builtin", "e1000e");
            Assert.Equal(1, dangerous.ExitCode);
            Assert.Contains("PCIe Device Control bits 0xe0: Max Payload Size", dangerous.Output, StringComparison.Ordinal);
            JsonElement json = JsonDocument.Parse(CliRun.Of("policy", "try", file, "--builtin", "e1000e", "--json").Output).RootElement;
            Assert.Equal(0xE0, json.GetProperty("hazards")[0].GetProperty("bits").GetInt32());
            Assert.Equal("PCIe Device Control", json.GetProperty("opened")[0].GetProperty("register").GetString());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("policy show igbe", 2, "Did you mean 'igb'?")]
    [InlineData("policy try no-such-policy --builtin xhci", 1, "cannot be read")]
    public void A_wrong_name_is_told_with_the_right_ones(string line, int code, string words)
    {
        var run = CliRun.OfLine(line);

        Assert.Equal(code, run.ExitCode);
        Assert.Contains(words, run.Errors, StringComparison.Ordinal);
    }
}
