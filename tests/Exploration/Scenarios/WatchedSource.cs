using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>A source that checks what a shard owes it: one thread at a time, and one wake-up call for one sleep.</summary>
internal sealed class WatchedSource(MemorySource source) : IReadySource
{
    private bool _taking;
    private int _wakes;

    /// <summary>How often the shard said that it goes to sleep.</summary>
    internal int Announcements { get; set; }

    /// <summary>The engine is about to end and wakes its shard for that.</summary>
    internal bool IsEnding { get; set; }

    internal void Signal(int port) => source.Signal(port);

    public int Take(Span<int> ports, int timeoutMilliseconds)
    {
        Scenario.Check(!_taking, "two threads are at the source of one shard");
        _taking = true;
        int count = source.Take(ports, timeoutMilliseconds);
        _taking = false;
        return count;
    }

    public void Unmask(ReadOnlySpan<int> ports)
    {
        Scenario.Check(!_taking, "one thread unmasks while another waits at the source");
        source.Unmask(ports);
    }

    public void Wake()
    {
        Scenario.Check(IsEnding || ++_wakes <= Announcements, $"{_wakes} wake-up calls for {Announcements} sleeps");
        source.Wake();
    }

    public void Dispose() => source.Dispose();
}
