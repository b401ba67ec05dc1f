using System.Text.Json;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests;

/// <summary>The verbs around the load harness; what the harness measures is tested where it lives.</summary>
public sealed class LoadTests
{
    [Theory]
    [InlineData("fused")]
    [InlineData("queued")]
    [InlineData("dataflow")]
    public void Loads_json_has_the_contracts_fields(string topology)
    {
        JsonElement json = CliRun.OfLine($"load --guests 4 --duration 0.3 --warmup 0.1 --topology {topology} --json").Json();

        (string Name, JsonValueKind Kind)[] fields =
        [
            ("guests", JsonValueKind.Number), ("shards", JsonValueKind.Number), ("topology", JsonValueKind.String), ("mix", JsonValueKind.String),
            ("seconds", JsonValueKind.Number), ("operations", JsonValueKind.Number), ("operations_per_second", JsonValueKind.Number),
            ("errors", JsonValueKind.Number), ("late_replies_dropped", JsonValueKind.Number), ("latency_ns", JsonValueKind.Object),
            ("per_guest", JsonValueKind.Object), ("bytes_allocated_per_operation", JsonValueKind.Number), ("gc_collections", JsonValueKind.Array),
            ("hardware_accesses_per_operation", JsonValueKind.Number), ("shadow_hit_ratio", JsonValueKind.Number),
            ("wakeups_per_operation", JsonValueKind.Number), ("stage_threads", JsonValueKind.Object), ("hiccup_ns", JsonValueKind.Object),
        ];
        Assert.All(fields, field => Assert.Equal(field.Kind, json.GetProperty(field.Name).ValueKind));
        Assert.All(
            ["p50", "p90", "p99", "p99_9", "p99_99", "max", "mean"],
            name => Assert.Equal(JsonValueKind.Number, json.GetProperty("latency_ns").GetProperty(name).ValueKind));
        Assert.All(
            ["p50", "p99", "p99_9", "max"], name => Assert.Equal(JsonValueKind.Number, json.GetProperty("hiccup_ns").GetProperty(name).ValueKind));
        Assert.All(["min_operations", "max_operations"], name => Assert.True(json.GetProperty("per_guest").GetProperty(name).GetInt64() > 0));
        Assert.All(
            ["ingest", "decode", "filter", "execute", "respond", "notify"],
            name => Assert.Equal(JsonValueKind.Array, json.GetProperty("stage_threads").GetProperty(name).ValueKind));
        Assert.Equal(3, json.GetProperty("gc_collections").GetArrayLength());
        Assert.Equal(4, json.GetProperty("guests").GetInt32());
        Assert.Equal(topology, json.GetProperty("topology").GetString());
        Assert.Equal(0, json.GetProperty("errors").GetInt64());
    }

    [Fact]
    public void Without_json_a_person_gets_progress_table_and_histogram()
    {
        CliRun run = CliRun.OfLine("load --guests 2 --duration 1.2 --warmup 0.1").Succeeded();

        Assert.Contains("p99.9", run.Output, StringComparison.Ordinal);
        Assert.Contains("|@", run.Output, StringComparison.Ordinal);
        Assert.Contains("op/s", run.Progress, StringComparison.Ordinal);
        Assert.EndsWith("\n", run.Progress, StringComparison.Ordinal);
        Assert.DoesNotContain("\e", run.Progress, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_on_a_pipe_comes_alone()
    {
        CliRun run = CliRun.OfLine("load --guests 2 --duration 0.2 --warmup 0.1 --json").Succeeded();

        Assert.Empty(run.Progress);
        Assert.Empty(run.Errors);
    }

    [Fact]
    public void Report_and_percentile_files_are_written()
    {
        using var folder = new TemporaryFolder();

        CliRun.Of("load", "--guests", "2", "--duration", "0.2", "--warmup", "0.1", "--report", folder["load.html"], "--hgrm", folder["load.hgrm"]).Succeeded();

        Assert.Contains("<html", File.ReadAllText(folder["load.html"]), StringComparison.Ordinal);
        Assert.Contains("1/(1-Percentile)", File.ReadAllText(folder["load.hgrm"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_is_shown_beside_what_another_run_printed_in_text_and_page()
    {
        using var folder = new TemporaryFolder();
        string[] run = ["load", "--guests", "2", "--duration", "0.3", "--warmup", "0.1"];
        File.WriteAllText(folder["before.json"], CliRun.Of([.. run, "--json"]).Succeeded().Output);

        CliRun beside = CliRun.Of([.. run, "--mix", "mixed", "--compare", folder["before.json"], "--report", folder["now.html"]]).Succeeded();

        Assert.Contains("beside before.json", beside.Output, StringComparison.Ordinal);
        Assert.Contains("Different mix: mixed, the other scan.", beside.Output, StringComparison.Ordinal);
        Assert.Matches(@"operations per second +[\d,]+ +[\d,]+ +\d+\.\d\d ×", beside.Output);
        string page = File.ReadAllText(folder["now.html"]);
        Assert.Contains("<h2>Beside before.json</h2>", page, StringComparison.Ordinal);
        Assert.Contains("class=\"line other\"", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"guests\": 3}", "is no report of `load`")]
    [InlineData("no JSON", "is no report of `load`")]
    [InlineData(null, "cannot read")]
    public void What_is_no_report_is_refused_before_the_run(string? text, string why)
    {
        using var folder = new TemporaryFolder();
        if (text is not null)
        {
            File.WriteAllText(folder["before.json"], text);
        }

        var refused = CliRun.Of("load", "--duration", "3600", "--compare", folder["before.json"]);

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(why, refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_ends_a_run_with_what_was_measured_so_far()
    {
        using var interruption = new CancellationTokenSource(TimeSpan.FromSeconds(3));

        JsonElement json = CliRun.Of(interruption.Token, "load", "--guests", "2", "--duration", "3600", "--warmup", "0.1", "--json").Json();

        Assert.True(json.GetProperty("interrupted").GetBoolean());
        Assert.True(json.GetProperty("operations").GetInt64() > 0);
    }

    [Fact]
    public void Ctrl_C_before_anything_was_measured_is_a_failure_that_says_so()
    {
        var run = CliRun.Of(new CancellationToken(canceled: true), "load", "--guests", "2", "--duration", "3600");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("interrupted: nothing had been measured yet", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fused")]
    [InlineData("queued")]
    public void Profiles_json_has_the_contracts_fields(string topology)
    {
        JsonElement json = CliRun.OfLine($"profile --operations 5000 --topology {topology} --json").Json();

        string?[] names = json.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("name").GetString()).ToArray();
        Assert.All(["ingest", "decode", "filter", "execute", "respond", "notify"], name => Assert.Contains(name, names));
        Assert.All(
            json.GetProperty("stages").EnumerateArray().Append(json.GetProperty("total")),
            stage => Assert.All(["p50_ns", "p99_ns"], name => Assert.Equal(JsonValueKind.Number, stage.GetProperty(name).ValueKind)));
        Assert.Equal(JsonValueKind.Number, json.GetProperty("bytes_allocated_per_operation").ValueKind);
        Assert.Equal(JsonValueKind.Number, json.GetProperty("config_access_ns").ValueKind);
    }

    [Fact]
    public void A_profile_for_people_is_a_table_of_stages() =>
        Assert.Matches(@"(?m)^ingest +\d+", CliRun.OfLine("profile --operations 5000").Succeeded().Output);
}
