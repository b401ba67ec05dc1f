using System.Globalization;

namespace PciBackFlow.Perf.Comparison;

/// <summary>What this machine's processors can show.</summary>
internal static class Processors
{
    private const string Siblings = "/sys/devices/system/cpu/cpu0/topology/core_cpus_list";

    /// <summary>Why so many threads cannot run side by side here; null when they can.</summary>
    /// <param name="threads">Threads that are busy at the same time.</param>
    internal static string? WhyNot(int threads) => Environment.ProcessorCount >= threads
        ? null
        : $"{threads} threads are busy at the same time, and this program may use {Environment.ProcessorCount} processors";

    /// <summary>Why so many threads cannot have a core each; null when they can, or when the machine does not say.</summary>
    /// <param name="threads">Threads that are busy at the same time.</param>
    internal static string? WhyNotCores(int threads)
    {
        if (WhyNot(threads) is { } why)
        {
            return why;
        }

        int siblings = 1;
        try
        {
            siblings = CountOf(File.ReadAllText(Siblings).Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            // Not said: taken for cores.
        }

        return Environment.ProcessorCount / siblings >= threads
            ? null
            : $"{threads} threads need a core each, and of this machine's {Environment.ProcessorCount} processors {siblings} share a core";
    }

    /// <summary>How many processors a list of the kernel names: <c>0-1,4</c> names three.</summary>
    internal static int CountOf(string list)
    {
        int count = 0;
        foreach (string part in list.Split(','))
        {
            string[] ends = part.Split('-');
            count += int.Parse(ends[^1], CultureInfo.InvariantCulture) - int.Parse(ends[0], CultureInfo.InvariantCulture) + 1;
        }

        return count;
    }
}
