using System.Text.Json;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests;

public sealed class ExplainTests
{
    private static readonly string[] Statuses = ["success", "dev_not_found", "invalid_offset", "access_denied", "not_implemented", "op_failed"];

    [Fact]
    public void Json_has_exactly_the_contracts_fields_for_every_access_in_order()
    {
        string[] accesses =
            ["COMMAND", "COMMAND=2", "0", "BASE_ADDRESS_0=ffffffff", "BASE_ADDRESS_0", "CAP_PM+4", "ECAP_AER+0", "1.l", "ffff.b", "3c.b=5", "CAP_EXP+8.w=ffff"];

        JsonElement array = CliRun.Of(["explain", "--builtin", "e1000e", "--json", .. accesses]).Json();

        Assert.Equal(accesses.Length, array.GetArrayLength());
        foreach ((JsonElement access, string? words) in array.EnumerateArray().Zip(accesses))
        {
            Assert.Equal(
                ["access", "offset", "size", "value", "status", "rows", "hardware", "denied_bits", "suggestion"],
                access.EnumerateObject().Select(field => field.Name));
            Assert.Equal(words.Contains('=', StringComparison.Ordinal) ? "write" : "read", access.GetProperty("access").GetString());
            Assert.All(["offset", "size", "value", "denied_bits"], name => Assert.Equal(JsonValueKind.Number, access.GetProperty(name).ValueKind));
            Assert.Contains(access.GetProperty("status").GetString(), Statuses);
            Assert.All(
                access.GetProperty("rows").EnumerateArray(),
                row => Assert.Equal(["register", "offset", "size", "rule", "source"], row.EnumerateObject().Select(field => field.Name)));
            Assert.All(
                access.GetProperty("hardware").EnumerateArray(),
                step => Assert.Equal(["access", "offset", "size", "value"], step.EnumerateObject().Select(field => field.Name)));
            Assert.Contains(access.GetProperty("suggestion").ValueKind, new[] { JsonValueKind.Object, JsonValueKind.Null });
        }
    }

    [Theory]
    [InlineData("0", 0, 4, 0x10D38086u)]
    [InlineData("VENDOR_ID", 0, 2, 0x8086u)]
    [InlineData("2.w", 2, 2, 0x10D3u)]
    [InlineData("0x3", 3, 4, null)]
    public void A_read_is_answered_as_a_guest_would_be(string access, int offset, int size, uint? value)
    {
        JsonElement one = Assert.Single(CliRun.Of("explain", "--builtin", "e1000e", "--json", access).Json().EnumerateArray());

        Assert.Equal(offset, one.GetProperty("offset").GetInt32());
        Assert.Equal(size, one.GetProperty("size").GetInt32());
        if (value is null)
        {
            Assert.Equal("invalid_offset", one.GetProperty("status").GetString());
        }
        else
        {
            Assert.Equal(value, one.GetProperty("value").GetUInt32());
        }
    }

    [Fact]
    public void The_text_names_register_rule_and_what_reached_hardware()
    {
        string text = CliRun.OfLine("explain --builtin e1000e COMMAND").Succeeded().Output;

        Assert.Contains("COMMAND: read 0x04.w", text, StringComparison.Ordinal);
        Assert.Contains("Command (0x04.w): ", text, StringComparison.Ordinal);
        Assert.Contains("hardware: ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_suggestion_put_into_a_policy_file_lifts_the_denial()
    {
        // PCI Express Device Control: the error reporting enables belong to the host by default.
        string[] line = ["explain", "--builtin", "e1000e", "--json", "CAP_EXP+8.w=f"];
        JsonElement denied = Assert.Single(CliRun.Of(line).Json().EnumerateArray());
        Assert.NotEqual(0u, denied.GetProperty("denied_bits").GetUInt32());
        using var folder = new TemporaryFolder();
        string policy = folder.Write("policy.json", denied.GetProperty("suggestion").GetRawText());

        JsonElement allowed = Assert.Single(CliRun.Of([.. line, "--policy", policy]).Json().EnumerateArray());

        Assert.Equal(0u, allowed.GetProperty("denied_bits").GetUInt32());
    }

    [Theory]
    [InlineData("explain --json", "CAP_EXP+8.w")]
    [InlineData("learn", "CAP_EXP+8.w")]
    [InlineData("guest-view", null)]
    public void Rules_of_a_policy_file_that_change_nothing_are_said(string verb, string? access)
    {
        using var folder = new TemporaryFolder();
        string policy = folder.Write(
            "policy.json",
            """
            {
              "hide": ["CAP_QQ"],
              "rules": [{"register":"PCIe Device Contorl"}, {"register":"MSI Message Address"}, {"register":"PCIe Device Control"}]
            }
            """);
        string[] words = [.. verb.Split(' '), "--builtin", "e1000e", "--policy", policy];

        CliRun run = CliRun.Of(access is null ? words : [.. words, access]).Succeeded();

        Assert.Contains("PCIe Device Contorl", run.Errors, StringComparison.Ordinal);
        Assert.Contains("the function has no such register", run.Errors, StringComparison.Ordinal);
        Assert.Contains("MSI Message Address", run.Errors, StringComparison.Ordinal);
        Assert.Contains("CAP_QQ", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Device Control", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_capability_the_function_does_not_have_is_a_failure_that_names_it()
    {
        var run = CliRun.OfLine("explain --builtin rtl8139 ECAP_AER");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("no such capability: 'ECAP_AER'", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_source_a_builtin_function_is_explained_and_named()
    {
        CliRun run = CliRun.OfLine("explain COMMAND").Succeeded();

        Assert.Contains("no source was named: explaining 0000:00:04.0", run.Errors, StringComparison.Ordinal);
    }
}
