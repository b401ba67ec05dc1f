using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Comparison;

/// <summary>The C loop's program, with the table of the same function that this project serves.</summary>
internal sealed class Yardstick : IDisposable
{
    private const int ExtraSeconds = 60;

    private readonly string _program;
    private readonly string _table = Path.GetTempFileName();

    /// <summary>Takes the program over; writes its table into a file.</summary>
    /// <param name="program">The program.</param>
    /// <param name="function">The function: its filter is this project's own.</param>
    internal Yardstick(string program, IPciFunction function)
    {
        _program = program;
        File.WriteAllText(_table, TableOf(function));
    }

    /// <summary>One line for each dword: the value in memory, the bits that memory answers, those that a guest may write there, what hardware has.</summary>
    internal static string TableOf(IPciFunction function)
    {
        CompiledFunction compiled = FunctionPermissions.Compile(function, AccessPolicy.Default, readAll: true, isLone: false);
        var assigned = new AssignedFunction(function, default, compiled);
        var table = new StringBuilder();
        for (int dword = 0; dword < function.Size / 4; dword++)
        {
            ref readonly ConfigDword rule = ref compiled.Map[dword];
            uint hardware = function.TryRead(dword * 4, 4, out uint value) ? value : uint.MaxValue;
            table.Append(CultureInfo.InvariantCulture, $"{assigned.Registers[dword]:x} {rule.Memory:x} {rule.Virtual & rule.Writable:x} {hardware:x}\n");
        }

        return table.ToString();
    }

    /// <summary>Nanoseconds of one request and its service, without events.</summary>
    /// <param name="seconds">How long to measure.</param>
    /// <param name="dwords">How many dwords the guest lists.</param>
    internal double MeasureEngine(double seconds, int dwords)
    {
        using JsonDocument result = Run(seconds, "engine", "--dwords", Text(dwords));
        return result.RootElement.GetProperty("ns_per_operation").GetDouble();
    }

    /// <summary>Round trips of a guest.</summary>
    /// <param name="seconds">How long to measure.</param>
    /// <param name="guests">Guests, 1 to 64.</param>
    /// <param name="spinMicroseconds">How long the backend keeps looking before it sleeps.</param>
    /// <param name="raw">Where every round trip goes; null: nowhere.</param>
    internal RoundTrips MeasureLoopback(double seconds, int guests, int spinMicroseconds, string? raw)
    {
        string[] keep = raw is null ? [] : ["--raw", raw];
        using JsonDocument result = Run(seconds, "loopback", ["--guests", Text(guests), "--spin", Text(spinMicroseconds), .. keep]);
        JsonElement root = result.RootElement;
        return new(
            root.GetProperty("operations_per_second").GetDouble(), root.GetProperty("p50").GetDouble(), root.GetProperty("p99").GetDouble());
    }

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_table);

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private JsonDocument Run(double seconds, string mode, params string[] more)
    {
        var start = new ProcessStartInfo(_program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string word in (string[])["--table", _table, "--mode", mode, "--seconds", Text(seconds), .. more])
        {
            start.ArgumentList.Add(word);
        }

        using Process process = Process.Start(start)!;
        Task<string> said = process.StandardError.ReadToEndAsync();
        Task<string> printed = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds((2 * seconds) + ExtraSeconds)))
        {
            process.Kill();
            throw new ComparisonFailedException($"the yardstick does not end: {start.FileName} {string.Join(' ', start.ArgumentList)}");
        }

        return process.ExitCode == 0 ? JsonDocument.Parse(printed.Result)
            : throw new ComparisonFailedException($"the yardstick ended with {process.ExitCode}: {said.Result.Trim()}");
    }
}
