using System.Text.Json;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Cli.Output;
using PciBackFlow.Pipeline;
using PciBackFlow.Cli.Terminal;

namespace PciBackFlow.Cli.Tests.Output;

public sealed class StatusTextTests
{
    public static TheoryData<InterruptMode, int[], string> Interrupts => new()
    {
        { InterruptMode.None, [], "none" },
        { InterruptMode.Line, [], "intx" },
        { InterruptMode.Line, [16], "intx (16)" },
        { InterruptMode.Msi, [55], "msi (55)" },
        { InterruptMode.Msi, [48, 49, 50, 51], "msi x4 (48-51)" },
        { InterruptMode.MsiX, [55], "msi-x (55)" },
        { InterruptMode.MsiX, [55, 56, 57], "msi-x x3 (55-57)" },
        { InterruptMode.MsiX, [60, 57, 55, 56, 72, 71], "msi-x x6 (55-57, 60, 71-72)" },
        { InterruptMode.MsiX, [.. Enumerable.Range(100, 128)], "msi-x x128 (100-227)" },
    };

    [Theory]
    [MemberData(nameof(Interrupts))]
    public void The_interrupts_of_a_function_are_shown_with_their_mode_their_number_and_their_pirqs(InterruptMode mode, int[] pirqs, string expected)
    {
        using var output = new StringWriter();

        StatusText.Write(ConsoleOver(output), Status(mode, pirqs));

        string row = Assert.Single(output.ToString().Split('\n'), line => line.StartsWith("0000:03:00.0", StringComparison.Ordinal));
        Assert.Equal(
            ["0000:03:00.0", "5 nic", "0000:00:00.0", expected, "default", "built in"],
            row.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    [Theory]
    [MemberData(nameof(Interrupts))]
    public void As_JSON_the_pirqs_are_all_there_in_the_order_of_the_request(InterruptMode mode, int[] pirqs, string text)
    {
        using var output = new StringWriter();

        CliJson.Write(output, Status(mode, pirqs));

        JsonElement interrupts = JsonDocument.Parse(output.ToString()).RootElement.GetProperty("guests")[0].GetProperty("functions")[0]
            .GetProperty("interrupts");
        Assert.Equal(text.Split(' ')[0], interrupts.GetProperty("mode").GetString());
        Assert.Equal(mode == InterruptMode.Line ? 0 : pirqs.Length, interrupts.GetProperty("vectors").GetInt32());
        Assert.Equal(pirqs, interrupts.GetProperty("pirqs").EnumerateArray().Select(pirq => pirq.GetInt32()));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(3, true)]
    public void A_request_that_found_no_place_between_threads_is_said_because_it_cannot_happen(long requests, bool said)
    {
        using var output = new StringWriter();

        StatusText.Write(ConsoleOver(output), Status(InterruptMode.None, []) with { Engine = default(EngineCounters) with { NoPlace = requests } });

        Assert.Equal(said, output.ToString().Contains($"ENGINE BROKEN: {requests} found no place", StringComparison.Ordinal));
    }

    [Fact]
    public void Threads_of_shards_and_workers_that_hung_are_said_and_their_counters_are_in_the_JSON()
    {
        EngineCounters counters = default(EngineCounters) with { Takeovers = 1, ReplacedWorkers = 4, HeldBack = 2 };
        StatusReport status = Status(InterruptMode.None, []) with { Engine = counters };
        using var text = new StringWriter();
        using var json = new StringWriter();

        StatusText.Write(ConsoleOver(text), status);
        CliJson.Write(json, status);

        Assert.Contains("0 expired, 5 hung", text.ToString(), StringComparison.Ordinal);
        JsonElement engine = JsonDocument.Parse(json.ToString()).RootElement.GetProperty("engine");
        Assert.Equal((4, 2), (engine.GetProperty("replaced_workers").GetInt64(), engine.GetProperty("held_back").GetInt64()));
    }

    [Fact]
    public void Errors_of_devices_are_said_with_what_became_of_them()
    {
        using var text = new StringWriter();

        StatusText.Write(ConsoleOver(text), Status(InterruptMode.None, []));

        Assert.Contains("non-fatal error (CmpltAbrt)", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("Errors of devices: nobody tells of them", text.ToString(), StringComparison.Ordinal);
    }

    private static StatusReport Status(InterruptMode mode, int[] pirqs)
    {
        var interrupts = InterruptReport.Of(new InterruptState(mode, mode == InterruptMode.Line ? 0 : pirqs.Length, pirqs, 1, 0));
        var function = new FunctionReport(
            "0000:03:00.0", "0000:00:00.0", "sysfs 0000:03:00.0", 0, 0, 0, Slow: false, Gone: false, interrupts, [new("profile", "default", "built in")],
            []);
        return new(
            new("1.2.3", "loopback", 1, 60, "fused"),
            [new(0, 1, Answers: true, default, PassageTimes.None)],
            default,
            [new(5, "nic", 0, "connected", "connected", 0, 3, [function], default)],
            [],
            new(["nobody tells of them"], [new("0000:09:00.0", 12, 1, 0, 0, 1, 0, 0, 0, 0, Quarantined: false, "non-fatal error (CmpltAbrt)")]),
            []);
    }

    private static CliConsole ConsoleOver(TextWriter output) =>
        new(output, TextWriter.Null, Stream.Null, outputIsTerminal: false, progressIsTerminal: false, static () => CancellationToken.None);
}
