using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Simulation.Tests;

/// <summary>How far a simulation that finds nothing can be trusted: as far as it finds what is known to be there.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int MostHistories = 60;
    private const int StepsOfOne = 2_500;

    public static TheoryData<string> Bugs => [.. Kinds.Keys];

    private static Dictionary<string, Func<IHypervisor, IHypervisor>> Kinds => new()
    {
        ["memory is not taken away"] = static inner => new ForgottenRevocation(inner),
        ["a device stays assigned"] = static inner => new ForgottenAssignment(inner),
        ["a dead guest's grant comes back"] = static inner => new ResurrectedGrant(inner),
        ["events are lost"] = static inner => new LostEvents(inner),
        ["a page stays mapped"] = static inner => new LeakedMapping(inner),
        ["messages stay mapped"] = static inner => new LeakedMessages(inner),
    };

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_is_found_and_found_again_by_its_seed(string bug)
    {
        for (long seed = 1; seed <= MostHistories; seed++)
        {
            if (Run(seed, bug) is { } found)
            {
                Assert.Equal(found, Run(seed, bug));
                output.WriteLine($"{bug}: seed {seed}: {found}");
                return;
            }
        }

        Assert.Fail($"not found by {MostHistories} histories: {bug}");
    }

    [Fact]
    public void One_seed_is_one_history()
    {
        for (long seed = 1; seed <= 5; seed++)
        {
            List<string> first = [];
            List<string> second = [];
            (ulong Digest, long Steps) one = DigestOf(seed, first.Add);
            (ulong Digest, long Steps) another = DigestOf(seed, second.Add);
            Assert.Equal(first, second);
            Assert.Equal(one, another);
        }

        Assert.NotEqual(DigestOf(1), DigestOf(2));
    }

    private static (ulong Digest, long Steps) DigestOf(long seed, Action<string>? trace = null)
    {
        using History history = new(seed, new() { Trace = trace });
        history.Run(StepsOfOne);
        return (history.Digest, history.Steps);
    }

    private static string? Run(long seed, string bug)
    {
        using History history = new(seed, new() { Around = Kinds[bug] });
        try
        {
            history.Run(StepsOfOne);
            return null;
        }
        catch (BrokenPromiseException found)
        {
            return found.Message;
        }
    }
}
