using System.Text.Json;

namespace PciBackFlow.Native.Tests;

/// <summary>What the README promises of the one native binary.</summary>
public sealed class NativeBinaryTests
{
    private const long MaxBytes = 20_000_000;

    public static MatrixTheoryData<string, string> Everything => new(["fused", "queued", "dataflow"], ["scan", "mixed", "write", "interrupts", "boot"]);

    [Fact]
    public void The_binary_has_at_most_20_MB_and_needs_no_file_beside_it()
    {
        var binary = new FileInfo(NativeBinary.Path);

        Assert.InRange(binary.Length, 1, MaxBytes);
        Assert.Equal([binary.Name], binary.Directory!.GetFiles().Select(file => file.Name));
    }

    [Theory]
    [InlineData("--help", "load")]
    [InlineData("load --help", "--guests")]
    [InlineData("profile --help", "--operations")]
    [InlineData("guest-view --builtin e1000e", "00: 86 80 d3 10")]
    [InlineData("explain --builtin e1000e COMMAND", "Command")]
    [InlineData("devices --builtin e1000e", "8086:10d3")]
    [InlineData("profile --operations 10000", "ingest")]
    [InlineData("load --guests 4 --duration 1", "p99")]
    public void A_verb_works_in_an_empty_environment(string arguments, string expected)
    {
        (int exitCode, string? output, string? errors) = NativeBinary.Run(arguments);

        Assert.True(exitCode == 0, errors);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fused")]
    [InlineData("queued")]
    [InlineData("dataflow")]
    public void Every_topology_serves_64_guests_without_an_error(string topology)
    {
        JsonElement report = NativeBinary.RunJson($"load --guests 64 --duration 2 --topology {topology} --json");

        Assert.Equal(0, report.GetProperty("errors").GetInt64());
        Assert.True(report.GetProperty("per_guest").GetProperty("min_operations").GetInt64() > 0, "a guest starved");
    }

    [Theory]
    [InlineData("fused", "scan")]
    [InlineData("fused", "write")]
    [InlineData("queued", "scan")]
    [InlineData("queued", "write")]
    public void With_a_tiny_generation_0_budget_nothing_is_collected_under_load(string topology, string mix)
    {
        JsonElement report = NativeBinary.RunJson($"load --guests 64 --duration 2 --topology {topology} --mix {mix} --json", ("DOTNET_GCgen0size", "10000"));

        Assert.Equal(0, report.GetProperty("errors").GetInt64());
        Assert.Equal(0, report.GetProperty("bytes_allocated_per_operation").GetDouble());
        Assert.All(report.GetProperty("gc_collections").EnumerateArray(), count => Assert.Equal(0, count.GetInt64()));
    }

    [Fact]
    public void A_thousand_guests_are_served_without_an_error()
    {
        JsonElement report = NativeBinary.RunJson("load --guests 1000 --duration 3 --json");

        Assert.Equal(1000, report.GetProperty("guests").GetInt64());
        Assert.Equal(0, report.GetProperty("errors").GetInt64());
        Assert.True(report.GetProperty("per_guest").GetProperty("min_operations").GetInt64() > 0, "a guest starved");
    }

    // Seconds each; the warm-up counts as much as the window.
    [Theory]
    [MemberData(nameof(Everything))]
    public void Whatever_a_thousand_guests_do_at_once_none_is_refused(string topology, string mix)
    {
        JsonElement report = NativeBinary.RunJson($"load --guests 1000 --warmup 0.2 --duration 1 --topology {topology} --mix {mix} --json");

        Assert.Equal(0, report.GetProperty("errors").GetInt64());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("first_error").ValueKind);
        Assert.True(report.GetProperty("operations").GetInt64() > 0);
    }

    [Fact]
    public void A_load_with_errors_ends_with_1_and_says_what_to_do()
    {
        (int exitCode, string? output, string? errors) =
            NativeBinary.Run("load --guests 10 --mix boot --neighbour slow=800ms --warmup 0.1 --duration 0.1 --json");

        Assert.Equal(1, exitCode);
        Assert.Contains("\"first_error_cause\": \"deadline\"", output, StringComparison.Ordinal);
        Assert.Contains("stage execute, cause deadline", errors, StringComparison.Ordinal);
        Assert.Contains("more --workers", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("load --neighbour fast=5ms", 2)]
    [InlineData("load --mix boot --rate 100", 1)]
    [InlineData("load --topology sideways", 2)]
    [InlineData("nonsense", 2)]
    [InlineData("guest-view --device 00:1g.0", 2)]
    [InlineData("guest-view --from-dump no-such-file", 1)]
    public void Wrong_words_and_failures_have_their_exit_codes_and_no_stack_trace(string arguments, int expected)
    {
        (int exitCode, string? output, string? errors) = NativeBinary.Run(arguments);

        Assert.Equal(expected, exitCode);
        Assert.NotEmpty(errors);
        Assert.DoesNotContain("   at ", output + errors, StringComparison.Ordinal);
    }
}
