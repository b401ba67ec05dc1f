using PciBackFlow.Perf.Figures;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Comparison;

/// <summary>The entry point of <c>Perf/compare</c>, and of what <c>Perf/count-trace</c> counts.</summary>
internal static class Program
{
    /// <returns>0: every goal that can be measured here is met. 1: one is missed, or something failed. 2: the words are wrong.</returns>
    private static int Main(string[] args)
    {
        if (args is ["trace", ..])
        {
            return TracedEngine.Run(args.AsSpan(1));
        }

        if (ComparisonOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine(ComparisonOptions.Usage);
            return 2;
        }

        try
        {
            if (options.RawDirectory is { } directory)
            {
                Directory.CreateDirectory(directory);
            }

            var machine = MachineDescription.Describe();
            Console.WriteLine($"{machine.Cpu}, {machine.Cores} processors, {machine.Kernel}, {machine.Virtualisation}, {machine.Runtime}");
            Console.WriteLine(
            FormattableString.Invariant($"{options.Rounds} rounds of {options.Seconds} s each side, in turn; medians, and the rounds' range"));
            using var measurements = new Measurements(options, Console.Error);
            IReadOnlyList<ComparisonRow> rows = measurements.Run();
            Console.WriteLine();
            Console.Write(ComparisonTable.Format(rows));
            if (measurements.Noise() is { } noise)
            {
                Console.WriteLine(noise);
            }

            Console.Write(ComparisonTable.Summarise(rows));
            return rows.Any(static row => row.Verdict == Verdict.Missed) ? 1 : 0;
        }
        catch (Exception failure) when (failure is ComparisonFailedException or LoadFailedException or IOException or UnauthorizedAccessException
            or System.ComponentModel.Win32Exception)
        {
            Console.Error.WriteLine($"compare: {failure.Message}");
            return 1;
        }
    }
}
