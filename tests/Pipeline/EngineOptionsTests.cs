using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline.Tests;

public sealed class EngineOptionsTests
{
    public static TheoryData<string, EngineOptions, string> Wrong() => new()
    {
        { "Shards", new EngineOptions { Shards = 0 }, "1 to 256" },
        { "Shards", new EngineOptions { Shards = 257 }, "1 to 256" },
        { "SpinMicroseconds", new EngineOptions { SpinMicroseconds = -1 }, "0 to 1000000" },
        { "Workers", new EngineOptions { Workers = 0 }, "1 to 256" },
        { "LaneCapacity", new EngineOptions { LaneCapacity = 0 }, "1 to 131072" },
        { "AccessLimitMilliseconds", new EngineOptions { AccessLimitMilliseconds = 9 }, "10 to 60000" },
        { "SampleEvery", new EngineOptions { SampleEvery = -1 }, "0 to 1000000" },
        { "Topology", new EngineOptions { Topology = (PipelineTopology)9 }, "Fused, Queued or Dataflow" },
        { "QueueCuts", new EngineOptions { QueueCuts = [3] }, "2 to 5 ascending" },
        { "QueueCuts", new EngineOptions { QueueCuts = [4, 3] }, "2 to 5 ascending" },
        { "QueueCuts", new EngineOptions { QueueCuts = [0, 3] }, "2 to 5 ascending" },
        { "QueueCuts", new EngineOptions { QueueCuts = [3, 6] }, "2 to 5 ascending" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_option_is_refused_with_its_name_and_range(string key, EngineOptions options, string range)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(options.Validate);
        Assert.StartsWith(key, e.Message, StringComparison.Ordinal);
        Assert.Contains(range, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_legal() => new EngineOptions().Validate();

    // Linux's late EOI: threshold 1, then doubling, at most a second.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 4)]
    [InlineData(11, 512)]
    [InlineData(12, 1000)]
    [InlineData(int.MaxValue, 1000)]
    public void Spurious_delays_double_up_to_a_second(int run, int milliseconds) =>
        Assert.Equal(milliseconds, PipelineTimes.SpuriousDelayMilliseconds(run));
}
