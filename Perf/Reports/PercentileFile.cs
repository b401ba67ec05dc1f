using System.Text;
using HdrHistogram;

namespace PciBackFlow.Perf.Reports;

/// <summary>
/// The percentile spectrum that HdrHistogram's tools plot (<c>.hgrm</c>): columns Value, Percentile, TotalCount, 1/(1-Percentile). Values are in
/// microseconds.
/// </summary>
public static class PercentileFile
{
    private const double NanosecondsPerMicrosecond = 1000;
    private const int TicksPerHalfDistance = 5;

    /// <summary>Writes the spectrum.</summary>
    /// <param name="histogram">Latencies in nanoseconds.</param>
    /// <param name="writer">Where to.</param>
    public static void Write(HistogramBase histogram, TextWriter writer) =>
        histogram.OutputPercentileDistribution(writer, TicksPerHalfDistance, NanosecondsPerMicrosecond);

    /// <summary>Writes the spectrum into a file.</summary>
    /// <param name="histogram">Latencies in nanoseconds.</param>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Save(HistogramBase histogram, string path)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        Write(histogram, writer);
    }
}
