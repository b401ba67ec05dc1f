using PciBackFlow.Fuzz.Tests.Targets;

namespace PciBackFlow.Fuzz.Tests;

/// <summary>Every input that a fuzzer found worth keeping, and those the project makes itself, once more: each ends in one of the documented ways.</summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Targets => new(FuzzTarget.All.Select(static target => target.Name));

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_input_kept_ends_in_a_documented_way(string name)
    {
        FuzzTarget target = FuzzTarget.All.Single(target => target.Name == name);
        string[] files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Corpus", name));
        HashSet<string> outcomes = [];
        foreach (string file in files)
        {
            outcomes.Add(Outcome(target, File.ReadAllBytes(file), Path.GetFileName(file)));
        }

        // Fewer: the inputs do not reach what they were kept for.
        Assert.True(files.Length >= 5, $"{files.Length} inputs");
        Assert.True(outcomes.Count >= 2, $"all inputs end with '{string.Join(", ", outcomes)}'");
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_input_a_fuzzer_begins_with_ends_in_a_documented_way(string name)
    {
        FuzzTarget target = FuzzTarget.All.Single(target => target.Name == name);

        string[] outcomes = [.. target.Seeds().Select((seed, index) => Outcome(target, seed, $"seed {index}"))];

        Assert.True(outcomes.Distinct().Count() >= 2, $"all inputs end with '{outcomes[0]}'");
    }

    private static string Outcome(FuzzTarget target, byte[] input, string what)
    {
        try
        {
            return target.Run(input);
        }
        catch (Exception failure) // every exception is a finding, with the input that it came from
        {
            throw new BrokenPropertyException($"{target.Name}, {what}, {Convert.ToHexString(input)}: {failure}");
        }
    }
}
