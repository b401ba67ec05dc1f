using System.Globalization;
using System.Numerics;
using System.Text;
using HdrHistogram;

namespace PciBackFlow.Perf.Reports;

/// <summary>Histogram rows as bpftrace's <c>hist()</c> prints them: <c>[8K, 16K)   120 |@@@@@      |</c>, one for each power of two.</summary>
public static class PowerOfTwoRows
{
    private const int BarWidth = 52;

    /// <summary>Sums a histogram up by powers of two.</summary>
    /// <param name="histogram">The histogram, in nanoseconds.</param>
    /// <returns>Element n counts the values from 2^n up to, not including, 2^(n+1); element 0 also holds 0.</returns>
    public static IReadOnlyList<long> Count(HistogramBase histogram)
    {
        long[] counts = new long[64];
        foreach (HdrHistogram.Iteration.HistogramIterationValue value in histogram.RecordedValues())
        {
            counts[BitOperations.Log2((ulong)Math.Max(1, value.ValueIteratedTo))] += value.CountAddedInThisIterationStep;
        }

        return counts;
    }

    /// <summary>Prints the rows from the lowest to the highest that hold something.</summary>
    /// <param name="counts">Counts by power of two.</param>
    /// <returns>The rows, each ended by a line feed; empty when nothing was counted.</returns>
    public static string Format(IReadOnlyList<long> counts)
    {
        long most = counts.Max();
        if (most == 0)
        {
            return string.Empty;
        }

        int first = 0;
        int last = counts.Count - 1;
        while (counts[first] == 0)
        {
            first++;
        }

        while (counts[last] == 0)
        {
            last--;
        }

        var text = new StringBuilder();
        for (int power = first; power <= last; power++)
        {
            string label = power == 0 ? "[0, 2)" : $"[{Size(power)}, {Size(power + 1)})";
            int bar = (int)(counts[power] * BarWidth / most);
            text.Append(CultureInfo.InvariantCulture, $"{label,-16}{counts[power],10} |{new string('@', bar),-BarWidth}|\n");
        }

        return text.ToString();
    }

    /// <summary>A power of two as bpftrace names it: 512, 1K, 16K, 2M.</summary>
    /// <param name="power">The exponent, 0 to 64.</param>
    /// <returns>The name.</returns>
    public static string Size(int power) => $"{1L << (power % 10)}{" KMGTPE"[power / 10]}".Replace(" ", string.Empty, StringComparison.Ordinal);
}
