using System.Globalization;
using PciBackFlow.Pci;
using PciBackFlow.Perf.Scripted;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Comparison;

/// <summary>
/// One kind of request so many times through the six stages, with a trace or without, and nothing else: two numbers of requests differ by what the requests
/// cost, whatever counts it.
/// </summary>
internal static class TracedEngine
{
    private const string Usage = "usage: trace None|Off|On read-shadow|read-hardware|write-denied REQUESTS";

    /// <summary>Serves.</summary>
    /// <param name="words">The trace's state, the request, and how often.</param>
    /// <returns>The exit code: 0; 1 when a request or a record was lost; 2 when the words are wrong.</returns>
    internal static int Run(ReadOnlySpan<string> words)
    {
        if (words is not [var state, var name, var number] || !Enum.TryParse(state, out TraceState trace) || TracedRequests.Parse(name) is not { } request
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int times))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        using IPciFunction function = Measurements.Open();
        using var guest = new TracedGuest(function, trace);
        guest.Serve(in request, times);
        if (!guest.IsAnswered || guest.Dropped != 0)
        {
            Console.Error.WriteLine($"trace: answered: {guest.IsAnswered}; records that found no room: {guest.Dropped}");
            return 1;
        }

        return 0;
    }
}
