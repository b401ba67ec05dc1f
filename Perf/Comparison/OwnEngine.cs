using System.Diagnostics;
using PciBackFlow.Pci;
using PciBackFlow.Perf.Scripted;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Comparison;

/// <summary>The six stages as the fused executor composes them, over a real page but without threads or events: as the yardstick's engine mode does.</summary>
internal sealed class OwnEngine : IDisposable
{
    private const int Batch = 1000;

    private readonly SteppedGuest _guest;
    private readonly int _size;

    /// <summary>Makes a guest with this function at 0000:00:00.0.</summary>
    internal OwnEngine(IPciFunction function)
    {
        _size = function.Size;
        _guest = new(function);
    }

    /// <summary>Nanoseconds of one request and its service.</summary>
    /// <param name="seconds">How long to measure, after a fifth of that to warm up.</param>
    /// <param name="dwords">How many dwords the guest lists.</param>
    internal double Measure(double seconds, int dwords)
    {
        Run(seconds / 5, dwords);
        return Run(seconds, dwords);
    }

    /// <inheritdoc/>
    public void Dispose() => _guest.Dispose();

    private double Run(double seconds, int dwords)
    {
        var request = new PciOpRequest { Command = PciOpCode.ConfigRead, Size = 4 };
        int last = Math.Min(dwords, _size / 4) * 4;
        long count = 0;
        long start = Stopwatch.GetTimestamp();
        TimeSpan took;
        do
        {
            for (int i = 0; i < Batch; i++)
            {
                Serve(in request);
                request.Offset = request.Offset + 4 < last ? request.Offset + 4 : 0;
            }

            count += Batch;
            took = Stopwatch.GetElapsedTime(start);
        }
        while (took.TotalSeconds < seconds);
        return took.TotalNanoseconds / count;
    }

    private void Serve(in PciOpRequest request)
    {
        _guest.Serve(in request);
        PciOpRequest answer = _guest.Answer;
        if (answer.Error != PciOpStatus.Success)
        {
            throw new ComparisonFailedException($"offset 0x{request.Offset:x} was answered with {answer.Error}");
        }
    }
}
