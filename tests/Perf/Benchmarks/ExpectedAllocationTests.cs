using System.Text.Json;
using PciBackFlow.Benchmarks;

namespace PciBackFlow.Perf.Tests.Benchmarks;

/// <summary>
/// What each benchmark allocates is a promise, kept in a file beside them. Times are for a quiet machine and for people; bytes are the same everywhere.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class ExpectedAllocationTests
{
    private static readonly Dictionary<string, long> s_expected =
        JsonSerializer.Deserialize<Dictionary<string, long>>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "allocations.json")))!;

    private static readonly IReadOnlyList<BenchmarkRow> s_rows = BenchmarkRow.AllOf(typeof(EngineBenchmarks).Assembly);

    public static TheoryData<string> Names => [.. s_rows.Select(static row => row.Name)];

    [Fact]
    public void Every_benchmark_says_what_it_allocates_and_nothing_is_said_of_others() =>
        Assert.Equal(s_rows.Select(static row => row.Name).Order(StringComparer.Ordinal), s_expected.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_benchmark_allocates_what_is_expected(string name)
    {
        long expected = s_expected[name];

        BenchmarkRow row = s_rows.Single(candidate => candidate.Name == name);
        long measured = row.Measure();

        // All threads of the process are counted, the test runner's own among them, which now and then tells what became of the test before. An operation
        // that allocates does so each time.
        for (int again = 0; measured > expected && again < 3; again++)
        {
            measured = Math.Min(measured, row.Measure());
        }

        // Nothing is nothing. Elsewhere the figure is the most that is allowed: how often a pool's thread sleeps between two messages depends on the machine.
        Assert.InRange(measured, expected == 0 ? 0 : 1, expected);
    }
}
