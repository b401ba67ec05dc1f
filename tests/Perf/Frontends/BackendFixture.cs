using PciBackFlow.Backend;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Pci;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Perf.Tests.Frontends;

/// <summary>The real backend on the loopback, with the functions that a test gives it.</summary>
internal sealed class BackendFixture : IDisposable
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ExclusiveFunctions _functions;
    private readonly List<IDisposable> _opened = [];

    internal BackendFixture(PipelineTopology topology, params IPciFunction[] functions)
    {
        _functions = new ExclusiveFunctions(functions);
        Toolstack = new LoopbackToolstack(Loopback);
        Host = new BackendHost(new BackendOptions
        {
            Hypervisor = Loopback.BackendView,
            FunctionSource = _functions,
            Topology = topology,
            Shards = 1,
        });
        Host.Start();
    }

    internal LoopbackHost Loopback { get; } = new();

    internal LoopbackToolstack Toolstack { get; }

    internal BackendHost Host { get; }

    internal (SimulatedGuest Guest, IEventChannels Channels) CreateGuest(int domain, FrontendKind kind, FrontendTiming timing, params PciAddress[] functions)
    {
        Toolstack.CreateGuest(domain, functions);
        LoopbackHypervisor view = Loopback.ViewOf(domain);
        IEventChannels channels = view.OpenEventChannels();
        var guest = new SimulatedGuest(view, channels, kind, timing);
        _opened.Add(guest);
        _opened.Add(channels);
        return (guest, channels);
    }

    /// <summary>Asks and waits as the guest's own frontend waits.</summary>
    internal static (FrontendOutcome Outcome, FrontendAnswer Answer) Ask(SimulatedGuest guest, IEventChannels channels, FrontendRequest request)
    {
        SimulatedFrontend frontend = guest.Frontend!;
        frontend.Post(in request, Now);
        int[] ports = new int[4];
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (Environment.TickCount64 < end)
        {
            int count = channels.Read(ports, 10);
            channels.Unmask(ports.AsSpan(0, count));
            FrontendOutcome outcome = frontend.Look(Now, signalled: count != 0);
            if (outcome != FrontendOutcome.Waiting)
            {
                return (outcome, frontend.Answer);
            }
        }

        return (FrontendOutcome.Waiting, default);
    }

    private static long Now => System.Diagnostics.Stopwatch.GetTimestamp();

    public void Dispose()
    {
        Host.Dispose();
        _opened.ForEach(opened => opened.Dispose());
        Toolstack.Dispose();
        _functions.Dispose();
    }
}
