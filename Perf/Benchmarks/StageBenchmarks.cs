using BenchmarkDotNet.Attributes;
using PciBackFlow.Perf.Scripted;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Benchmarks;

/// <summary>
/// The first stages of one request, as many as the row says: a stage costs what its row is above the one before. By itself no stage can be repeated, because
/// each works on what those before it left.
/// </summary>
[MemoryDiagnoser]
public class StageBenchmarks
{
    private SteppedGuest? _guest;
    private PciOpRequest _request;

    /// <summary>How many: 1 is ingest alone, 6 all of them.</summary>
    [Params(1, 2, 3, 4, 5, 6)]
    public int Stages { get; set; }

    /// <summary>Whether the register needs hardware.</summary>
    [Params(false, true)]
    public bool Hardware { get; set; }

    /// <summary>Makes a guest with one function.</summary>
    [GlobalSetup]
    public void Connect()
    {
        _guest = new(BenchmarkFunction.Open());
        _request = Hardware
            ? new PciOpRequest { Command = PciOpCode.ConfigRead, Offset = 0x06, Size = 2 }
            : new PciOpRequest { Command = PciOpCode.ConfigRead, Size = 4 };
    }

    /// <summary>Frees the page.</summary>
    [GlobalCleanup]
    public void Close() => _guest!.Dispose();

    /// <summary>The request is posted, and the stages run.</summary>
    [Benchmark]
    public bool FirstStages()
    {
        _guest!.Serve(in _request, Stages);
        return _guest.IsDecided;
    }
}
