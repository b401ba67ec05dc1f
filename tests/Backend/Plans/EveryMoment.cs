namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>Plays scenarios until their daemon was killed at every moment around one step.</summary>
internal static class EveryMoment
{
    // No step has more effects on the world: a transaction is one.
    private const int Most = 40;

    /// <summary>Plays each scenario that comes to the step, once for each moment; at least one has to.</summary>
    public static async Task OfAsync(string plan, string step, params Func<StepKill, Task>[] scenarios)
    {
        bool isReached = false;
        foreach (Func<StepKill, Task> scenario in scenarios)
        {
            for (int moment = 0; ; moment++)
            {
                Assert.True(moment <= Most, $"{plan}: '{step}' has more effects than thought");
                StepKill kill = await PlayAsync(plan, step, moment, scenario);
                if (!kill.IsReached)
                {
                    break;
                }

                isReached = true;
                Assert.True(kill.IsDead, $"{plan}: '{step}' was reached, and not killed at {moment}");
                if (kill.WasAfter)
                {
                    break;
                }
            }
        }

        Assert.True(isReached, $"{plan}: no scenario comes to '{step}'");
    }

    /// <summary>What a scenario waits for can be there while the plan still has steps to take: then it looked away too early, and is played again.</summary>
    private static async Task<StepKill> PlayAsync(string plan, string step, int moment, Func<StepKill, Task> scenario)
    {
        StepKill kill;
        int times = 0;
        do
        {
            kill = new(plan, step, moment);
            await scenario(kill);
        }
        while (kill.IsReached && !kill.IsDead && ++times < Most);
        return kill;
    }
}
