using System.Diagnostics;
using System.Globalization;

namespace PciBackFlow.Simulation.Tests;

/// <summary>The whole control plane and the engine, over long histories.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int StepsOfOne = 2_500;

    private static long Seed => Read("PCIBACKFLOW_SIMULATION_SEED", 1);

    private static long Steps => Read("PCIBACKFLOW_SIMULATION_STEPS", 1_000_000);

    private static bool Trace => Read("PCIBACKFLOW_SIMULATION_TRACE", 0) != 0;

    [Fact]
    public void Whatever_guests_toolstacks_and_daemons_do_everything_comes_to_rest()
    {
        long steps = 0;
        int kills = 0;
        int attached = 0;
        int attaches = 0;
        long began = Stopwatch.GetTimestamp();
        long seed = Seed;
        for (; steps < Steps; seed++)
        {
            using History history = new(seed, new() { Trace = Trace ? output.WriteLine : null });
            try
            {
                history.Run(StepsOfOne);
            }
            catch (Exception failure)
            {
                Assert.Fail(Describe(history, failure));
            }

            steps += history.Steps;
            kills += history.Kills;
            attached += history.Attached;
            attaches += history.Attaches;
        }

        output.WriteLine($"seeds {Seed} to {seed - 1}: {steps:N0} steps, {kills} ends of a daemon, {attaches} attaches, {attached} guests connected at rest, "
            + $"{Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");
    }

    internal static string Describe(History history, Exception failure) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        seed {history.Seed}, step {history.Steps}: {failure.Message}
        to replay: PCIBACKFLOW_SIMULATION_SEED={history.Seed} PCIBACKFLOW_SIMULATION_STEPS=1 \
          dotnet run --project tests/Simulation -c Release -- -class "*SimulationTests"
        {string.Join("\n", history.Last)}
        {(failure is BrokenPromiseException ? string.Empty : failure)}
        """);

    private static long Read(string name, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : otherwise;
}
