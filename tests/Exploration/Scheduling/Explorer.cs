namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>Runs a scenario under one schedule after the other until one fails.</summary>
internal static class Explorer
{
    /// <summary>Explores.</summary>
    /// <param name="create">Makes the scenario anew for each schedule.</param>
    /// <param name="firstSeed">Seed of the first schedule; the following ones count up.</param>
    /// <param name="schedules">How many at most.</param>
    /// <returns>The first failure with its trace, or null.</returns>
    internal static Finding? Explore(Func<Scenario> create, long firstSeed, int schedules)
    {
        using var heap = new StillHeap();
        for (int i = 0; i < schedules; i++)
        {
            heap.Renew();
            if (Execute(create(), firstSeed + i, null) is not { } failure)
            {
                continue;
            }

            // Once more with a trace. It has to fail in the same way, or the seed would be worth nothing.
            var trace = new Trace();
            Scenario scenario = create();
            string? again = Execute(scenario, firstSeed + i, trace);
            if (again != failure)
            {
                throw new InvalidOperationException($"seed {firstSeed + i} does not replay: first \"{failure}\", then \"{again}\"");
            }

            return new Finding(scenario.GetType().Name, firstSeed + i, i + 1, failure, trace.ToString());
        }

        return null;
    }

    private static string? Execute(Scenario scenario, long seed, Trace? trace)
    {
        var execution = new Execution(new Schedule(seed, scenario.IsHurried), scenario, trace);
        execution.Run();
        StillHeap.Confirm();
        return execution.Failure;
    }
}
