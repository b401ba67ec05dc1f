using PciBackFlow.Backend.Insight;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Cli.Sources;

/// <summary>A saved trace.</summary>
internal sealed class TraceFile
{
    private const string Advice = "Give a file that 'pcibackflow trace --save FILE' has written.";

    private readonly string _path;

    private TraceFile(string path, IReadOnlyList<TraceEvent> events)
    {
        _path = path;
        Events = events;
    }

    /// <summary>What it says, in its order.</summary>
    public IReadOnlyList<TraceEvent> Events { get; }

    /// <summary>How many requests are missing.</summary>
    public long Missing => Events.Aggregate(0L, static (total, each) => each.AddMissing(total));

    /// <summary>Opens a file to be read piece by piece.</summary>
    /// <exception cref="VerbException">It cannot be opened.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new VerbException($"cannot read {path}", failure.Message, Advice, failure);
        }
    }

    /// <summary>What a trace that is not understood ends the program with.</summary>
    public static VerbException Refused(string name, TraceFormatException wrong) => new($"cannot read {name}", wrong.Message, Advice, wrong);

    /// <summary>Reads a file to its end.</summary>
    /// <exception cref="VerbException">It cannot be read, or is no trace that is understood.</exception>
    public static TraceFile Load(string path)
    {
        using FileStream stream = Open(path);
        try
        {
            return new(path, [.. TraceReader.ReadAll(stream)]);
        }
        catch (TraceFormatException wrong)
        {
            throw Refused(path, wrong);
        }
        catch (IOException failure)
        {
            throw new VerbException($"cannot read {path}", failure.Message, Advice, failure);
        }
    }

    /// <summary>The one function that a verb works on.</summary>
    /// <param name="wanted">The function a person named; null for none.</param>
    /// <param name="isDenied">Whether only functions count of which something was denied.</param>
    /// <exception cref="VerbException">There is none, or several.</exception>
    public PciAddress Choose(PciAddress? wanted, bool isDenied = false)
    {
        PciAddress[] traced =
            [.. Events.Where(each => !each.IsGap && (!isDenied || each.Record.IsDenied)).Select(static each => each.Host)
            .OfType<PciAddress>().Distinct().Order()];
        if (wanted is { } one)
        {
            return traced.Contains(one)
                ? one
                : throw new VerbException($"no request for {one} in {_path}", Known(traced), "Name one of those, or leave --traced out when there is one.");
        }

        return traced switch
        {
            [var only] => only,
            [] => throw new VerbException(
                isDenied ? $"nothing was denied in {_path}" : $"no request for a function in {_path}", "there is nothing to work on",
                "Begin the trace before the guest gets the device, and end it when its driver runs."),
            _ => throw new VerbException($"{_path} is about {traced.Length} functions", Known(traced), "Name one with --traced BDF.")
            {
                Code = ExitCode.WrongWords,
            },
        };
    }

    /// <summary>The requests for a function that can be sent again, in their order; what had to be left out is said.</summary>
    /// <exception cref="VerbException">There are none, or those of several guests lie in between.</exception>
    public IReadOnlyList<TraceRecord> Requests(PciAddress function, CliConsole console)
    {
        TraceRecord[] all = [.. Events.Where(each => !each.IsGap && each.Host == function).Select(static each => each.Record)];
        TraceRecord[] possible = [.. all.Where(static record => Replay.IsPossible(record))];
        int[] domains = [.. possible.Select(static record => record.Domain).Distinct()];
        if (domains.Length > 1)
        {
            // The second guest got the device anew.
            console.Remark(
                $"{function} had {domains.Length} guests in this trace, one after the other: only the first one's requests are taken, domain {domains[0]}'s");
            possible = [.. possible.Where(record => record.Domain == domains[0])];
        }

        if (possible.Length == 0)
        {
            throw new VerbException(
                $"no configuration access to {function} in {_path}", "there is nothing to send again",
                "Begin the trace before the guest gets the device, and end it when its driver runs.");
        }

        if (all.Length - possible.Length is > 0 and var left && domains.Length == 1)
        {
            console.Remark($"{left} requests are left out: interrupts, or answers that were not the function's own");
        }

        if (Missing > 0)
        {
            console.Remark($"{Missing} requests are missing in this trace, so that what follows them may be answered otherwise");
        }

        return possible;
    }

    private static string Known(PciAddress[] traced) => traced.Length == 0 ? "it has none" : $"it has {string.Join(", ", traced)}";
}
