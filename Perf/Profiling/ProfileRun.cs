using System.Diagnostics;
using PciBackFlow.Pci;
using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;
using PciBackFlow.Pipeline;
using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Perf.Profiling;

/// <summary>Where the time of one request goes: one simulated guest in a closed loop, with the engine's stage clock sampling.</summary>
public static class ProfileRun
{
    private const double WarmupSeconds = 1;
    private const int SourceReads = 1000;

    /// <summary>Runs a profile. Blocks until it is over.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="source">The guest's function: the first one that can be given to a guest.</param>
    /// <param name="cancel">Ends the run with what was measured so far.</param>
    /// <returns>The report.</returns>
    /// <exception cref="ArgumentException">An option is not legal.</exception>
    /// <exception cref="LoadFailedException">No function fits, or the guest did not connect.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before anything was measured.</exception>
    public static ProfileReport Execute(ProfileOptions options, LoadSource source, CancellationToken cancel = default)
    {
        options.Validate();
        double access = MeasureAccess(source, options.AllRegisters);
        var load = new LoadOptions { Guests = 1, Topology = options.Topology, AllRegisters = options.AllRegisters, Shards = 1, ClientThreads = 1 };
        using var embedded = new EmbeddedLoad(load, source, progress: null, cancel);
        IPipelineEngine<Stages.Connections.GuestOperation> engine = embedded.Backend.Engine;
        embedded.Probe();
        long warm = Stopwatch.GetTimestamp();
        embedded.Run(LoadPhase.WarmUp, () => Stopwatch.GetElapsedTime(warm).TotalSeconds >= WarmupSeconds);
        cancel.ThrowIfCancellationRequested();

        engine.SampleStages(options.SampleEvery);
        IReadOnlyList<StageThread> before = engine.ReadThreads();
        embedded.Run(LoadPhase.Measure, () => embedded.Operations >= options.Operations);
        embedded.Drain();
        IReadOnlyList<StageThread> after = engine.ReadThreads();
        IReadOnlyList<StageTiming> timings = engine.ReadStageTimings();

        LoadClient client = embedded.Clients[0];
        if (client.Errors != 0)
        {
            throw new LoadFailedException($"the profile's requests fail: {FailureText.Of(client.Guests[0])}");
        }

        long bytes = client.WindowAllocatedBytes + StageThread.AllocatedBetween(before, after);
        StageTiming total = timings.First(timing => timing.Name == "total");
        return new ProfileReport
        {
            Topology = PipelineTopologyNames.NameOf(options.Topology),
            Operations = client.Operations,
            Sampled = total.Count,
            Stages = [.. timings.Where(timing => timing.Name != "total").Select(StageProfile.Of)],
            Total = StageProfile.Of(total),
            RoundTrip = LatencySummary.From(client.Samples.Latency),
            BytesAllocatedPerOperation = client.Operations == 0 ? 0 : bytes / (double)client.Operations,
            ConfigAccessNanoseconds = Math.Round(access, 1),
            Source = source.Name,
            Machine = MachineDescription.Describe(),
        };
    }

    // The source itself, without backend or shared page: what no backend can be faster than, for a register that needs hardware.
    private static double MeasureAccess(LoadSource source, bool allRegisters)
    {
        List<TemplateFunction> functions = TemplateFunction.OpenAll(source, most: 1, allRegisters, LoadMix.Scan, Frontends.FrontendKind.Linux);
        try
        {
            using IPciFunction function = functions[0].Load(0);
            IReadOnlyList<ushort> registers = functions[0].Image.Registers;
            Read(function, registers, SourceReads / 10);
            long start = Stopwatch.GetTimestamp();
            Read(function, registers, SourceReads);
            return Stopwatch.GetElapsedTime(start).TotalNanoseconds / SourceReads;
        }
        finally
        {
            TemplateFunction.Close(functions);
        }
    }

    private static void Read(IPciFunction function, IReadOnlyList<ushort> registers, int count)
    {
        for (int i = 0; i < count; i++)
        {
            function.TryRead(registers[i % registers.Count], 4, out _);
        }
    }
}
