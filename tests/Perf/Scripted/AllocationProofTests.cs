using PciBackFlow.Pci.Captures;
using PciBackFlow.Perf.Scripted;
using PciBackFlow.Pipeline;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Tests.Scripted;

/// <summary>
/// A million operations of every kind through the whole engine, and not a byte on any of its threads: shards, parts, workers, each with its own counter.
/// What sets messages up goes to another thread and back, which takes fifty times as long: of that there are fewer.
/// </summary>
public sealed class AllocationProofTests
{
    private const int Million = 1_000_000;
    private const int Fewer = 20_000;

    // Bytes that a thread's start and first report allocate, with room to spare.
    private const int ThreadStart = 16_384;

    private static readonly Dictionary<string, (int Operations, ScriptedRequest[] Script)> s_kinds = new()
    {
        ["read from memory"] = (Million, [new(Read(0x00, 4)), new(Read(0x08, 1)), new(Read(0x10, 4))]),
        ["read from hardware"] = (Million, [new(Read(0x06, 2)), new(Read(0x04, 4))]),
        ["write to memory"] = (Million, [new(Write(0x10, 4, uint.MaxValue)), new(Write(0x10, 4, 0)), new(Write(0x3C, 1, 7))]),
        ["write with a side effect"] = (Million, [new(Write(0x04, 2, 0x0400)), new(Write(0x04, 2, 0x0000))]),
        ["denied write"] = (Million, [new(Write(0x00, 4, 0x12345678)), new(Write(0x0E, 1, 0x7F))]),
        ["no access"] = (Million, [Invalid(-1, 4), Invalid(4096, 4), Invalid(0, 3), Invalid(2, 4), Invalid(int.MinValue, int.MaxValue)]),
        ["no function"] = (
            Million,
            [new(Read(0, 4) with { Devfn = 0xF8 }, PciOpStatus.DeviceNotFound), new(Read(0, 4) with { Bus = 9 }, PciOpStatus.DeviceNotFound)]),
        ["no operation"] = (Million, [Unknown((PciOpCode)77), Unknown(PciOpCode.AerResume)]),
        ["MSI"] = (Fewer, [new(new() { Command = PciOpCode.EnableMsi }), new(new() { Command = PciOpCode.DisableMsi })]),
        ["MSI-X"] = (Fewer, [new(new() { Command = PciOpCode.EnableMsix, Value = 1 }), new(new() { Command = PciOpCode.DisableMsix })]),
        ["several messages of MSI"] = (
            Fewer, [new(new() { Command = PciOpCode.EnableMultiMsi, Info = 2 }), new(new() { Command = PciOpCode.DisableMsi })]),
    };

    public static TheoryData<string> Kinds => [.. s_kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_operation_of_a_kind_allocates_on_any_thread_of_the_engine(string kind)
    {
        (int operations, ScriptedRequest[] script) = s_kinds[kind];

        AssertNothing(script, shards: 1, guests: 1, PipelineTopology.Fused, operations);
    }

    [Theory]
    [InlineData(PipelineTopology.Fused)]
    [InlineData(PipelineTopology.Queued)]
    public void Nor_do_all_kinds_mixed_over_two_shards(PipelineTopology topology) =>
        AssertNothing([.. s_kinds.Values.SelectMany(static kind => kind.Script)], shards: 2, guests: 8, topology, Fewer / 2);

    [Fact]
    public void An_answer_that_the_script_does_not_have_is_counted()
    {
        using var scripted = new ScriptedShards(Open, [new(Read(0, 3))], shards: 1, guests: 1);

        scripted.Begin(10);
        scripted.Await();

        Assert.Equal((10L, 10L), (scripted.Operations, scripted.Mistakes));
    }

    [Fact]
    public void Guests_make_as_many_requests_as_they_are_told_until_they_are_stopped()
    {
        using var scripted = new ScriptedShards(Open, ScriptedRequest.ScanOf(4096), shards: 2, guests: 5);

        scripted.Begin(1);
        scripted.Await();
        Assert.Equal(5, scripted.Operations);

        scripted.Begin(long.MaxValue);
        Assert.True(SpinWait.SpinUntil(() => scripted.Operations > 1000, TimeSpan.FromSeconds(30)));
        scripted.Stop();
        long stopped = scripted.Operations;
        Thread.Sleep(20);

        Assert.Equal((stopped, 0L), (scripted.Operations, scripted.Mistakes));
    }

    private static void AssertNothing(ScriptedRequest[] script, int shards, int guests, PipelineTopology topology, long operations)
    {
        using var scripted = new ScriptedShards(Open, script, shards, guests, topology, new ConstantInterrupts());
        scripted.Begin(1000);
        scripted.Await();

        // Twice: what a thread allocates to say its first figure.
        _ = scripted.ReadThreads();
        Dictionary<int, long> before = Bytes(scripted);
        scripted.Begin(operations);
        scripted.Await();
        Dictionary<int, long> after = Bytes(scripted);

        // On a busy machine a thread may lose its processor inside an access, which looks like a slow function. That gets a worker, and the shard that asks
        // first makes its thread: once for each, of four at most.
        int started = after.Keys.Except(before.Keys).Count();
        Assert.InRange(after.Sum(static thread => thread.Value) - before.Sum(static thread => thread.Value), 0, started * 2 * ThreadStart);
        Assert.InRange(started, 0, 4);
        Assert.Equal((guests * (operations + 1000), 0L), (scripted.Operations, scripted.Mistakes));
    }

    private static Dictionary<int, long> Bytes(ScriptedShards scripted) =>
        scripted.ReadThreads().ToDictionary(static thread => thread.ManagedThreadId, static thread => thread.AllocatedBytes);

    private static CapturedFunction Open()
    {
        Assert.True(BuiltinCaptures.TryLoad("e1000e", out Capture? capture));
        return CapturedFunction.All(capture)[0];
    }

    private static PciOpRequest Read(int offset, int size) => new() { Command = PciOpCode.ConfigRead, Offset = offset, Size = size };

    private static PciOpRequest Write(int offset, int size, uint value) =>
        new() { Command = PciOpCode.ConfigWrite, Offset = offset, Size = size, Value = value };

    private static ScriptedRequest Invalid(int offset, int size) => new(Read(offset, size), PciOpStatus.InvalidOffset);

    private static ScriptedRequest Unknown(PciOpCode code) => new(new() { Command = code }, PciOpStatus.NotImplemented);
}
