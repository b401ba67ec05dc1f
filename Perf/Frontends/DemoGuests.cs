using PciBackFlow.Hardware.Hypervisor.Loopback;

namespace PciBackFlow.Perf.Frontends;

/// <summary>Two running Linux guests on a host in memory, so that every verb of the daemon has somebody to be tried on.</summary>
public sealed class DemoGuests : IDisposable
{
    private readonly RunningGuest[] _guests;

    /// <summary>Creates the domains, 1 and 2, and lets them run.</summary>
    /// <param name="host">The host, without guests of these ids.</param>
    public DemoGuests(LoopbackHost host) => _guests = [.. Names.Select((name, index) => new RunningGuest(host, index + 1, name))];

    /// <summary>Their names, as toolstacks know them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["demo1", "demo2"];

    /// <summary>Ends them.</summary>
    public void Dispose()
    {
        foreach (RunningGuest guest in _guests)
        {
            guest.Dispose();
        }
    }
}
