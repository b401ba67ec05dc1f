using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Filter.Insight;

namespace PciBackFlow.Backend.Tests.Plans;

/// <summary>What a plan's columns mean when it is carried out.</summary>
public sealed class PlanRunTests
{
    private readonly List<string> _log = [];

    [Fact]
    public async Task Steps_are_taken_in_order_and_nothing_is_undone_when_all_succeed()
    {
        Assert.Empty(await CarryAsync(Step("a"), Step("b"), Step("c")));
        Assert.Equal(["a", "b", "c"], _log);
    }

    [Fact]
    public async Task When_a_step_fails_those_before_it_are_undone_the_last_first()
    {
        IOException thrown = await Assert.ThrowsAsync<IOException>(() => CarryAsync(Step("a"), Step("b"), Failing("c"), Step("d")));
        Assert.Equal("c fails", thrown.Message);
        Assert.Equal(["a", "b", "not b", "not a"], _log);
    }

    [Fact]
    public async Task A_step_that_may_be_half_done_is_undone_as_well()
    {
        await Assert.ThrowsAsync<IOException>(() => CarryAsync(Step("a"), Failing("b") with { IsUndoneWhenHalfDone = true }));
        Assert.Equal(["a", "not b", "not a"], _log);
    }

    [Fact]
    public async Task What_came_before_a_point_of_no_return_stays_done()
    {
        await Assert.ThrowsAsync<IOException>(() => CarryAsync(Step("a"), Step("b") with { IsPointOfNoReturn = true }, Step("c"), Failing("d")));
        Assert.Equal(["a", "b", "c", "not c"], _log);
    }

    [Fact]
    public async Task A_best_effort_that_fails_is_noted_and_the_rest_goes_on()
    {
        IReadOnlyList<StepFailure> noted = await CarryAsync(Step("a"), Failing("b") with { IsBestEffort = true }, Step("c"));
        Assert.Equal("b: b fails", Assert.Single(noted).ToString());
        Assert.Equal(["a", "c"], _log);
    }

    [Fact]
    public async Task A_step_whose_condition_does_not_hold_is_neither_taken_nor_undone()
    {
        await Assert.ThrowsAsync<IOException>(() => CarryAsync(Step("a"), Step("b") with { When = static _ => false }, Failing("c")));
        Assert.Equal(["a", "not a"], _log);
    }

    [Fact]
    public async Task A_defect_of_the_program_is_not_dressed_up()
    {
        Step<List<string>> defect = new("b") { Do = static _ => throw new InvalidOperationException("a defect") };
        await Assert.ThrowsAsync<InvalidOperationException>(() => CarryAsync(Step("a"), defect));
        Assert.Equal(["a"], _log);
    }

    [Fact]
    public async Task What_cannot_be_undone_is_told_to_who_explains_the_failure()
    {
        Step<List<string>> stuck = Step("b") with { Undo = static _ => throw new IOException("stuck") };
        Plan<List<string>> plan = new("test", [Step("a"), stuck, Failing("c")])
        {
            Explain = static (_, failure) => new BackendException(
                BackendFailure.Failed, $"{failure} [{string.Join("; ", failure.NotUndone)}]", failure.Exception),
        };
        BackendException thrown = await Assert.ThrowsAsync<BackendException>(() => PlanRun.CarryAsync(plan, _log, observer: null, CancellationToken.None));
        Assert.Equal("c: c fails [b: stuck]", thrown.Message);
        Assert.Equal(["a", "b", "not a"], _log);
    }

    [Fact]
    public async Task What_a_plan_within_a_step_did_for_each_part_is_undone_with_the_rest()
    {
        Plan<string> inner = new("inner",
        [
            new("do") { Do = part => Refuse(part, "third"), Undo = part => _log.Add($"not {part}") },
        ])
        {
            Explain = static (part, failure) => new IOException($"{part}: {failure.Exception.Message}; {failure.NotUndone.Count} left"),
        };
        Step<List<string>> each = new("each")
        {
            Nested = new NestedPlan<List<string>, string>(inner, "part", static _ => ["first", "second", "third", "fourth"]),
        };
        IOException thrown = await Assert.ThrowsAsync<IOException>(() => CarryAsync(Step("a"), each));
        Assert.Equal("third: refused; 0 left", thrown.Message);
        Assert.Equal(["a", "first", "second", "not second", "not first", "not a"], _log);
    }

    [Theory]
    [InlineData("", "begin, do, complete")]
    [InlineData("begin", "")]
    [InlineData("do", "begin, refused")]
    [InlineData("complete", "begin, do")]
    public async Task A_note_is_an_intent_before_and_a_result_after(string fails, string expected)
    {
        Step<List<string>> step = new("a") { Note = new RecordingNote(fails), Do = log => Refuse("do", fails) };
        Exception? thrown = await Record.ExceptionAsync(() => CarryAsync(step));
        Assert.Equal(fails.Length > 0, thrown is IOException);
        Assert.Equal(expected, string.Join(", ", _log));
    }

    [Fact]
    public async Task Waiting_steps_are_undone_by_waiting_and_get_the_token()
    {
        using CancellationTokenSource gaveUp = new();
        await gaveUp.CancelAsync();
        Plan<List<string>> plan = new("test",
        [
            new("a")
            {
                DoAsync = static async (log, _) =>
                {
                    await Task.Yield();
                    log.Add("a");
                },
                UndoAsync = static async log =>
                {
                    await Task.Yield();
                    log.Add("not a");
                },
            },
            new("b") { DoAsync = static (_, token) => Task.Delay(Timeout.Infinite, token) },
        ])
        {
            Expects = static e => e is OperationCanceledException,
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PlanRun.CarryAsync(plan, _log, observer: null, gaveUp.Token));
        Assert.Equal(["a", "not a"], _log);
    }

    private static Step<List<string>> Step(string name) => new(name) { Do = log => log.Add(name), Undo = log => log.Add($"not {name}") };

    private static Step<List<string>> Failing(string name) => Step(name) with { Do = _ => throw new IOException($"{name} fails") };

    private void Refuse(string what, string refused)
    {
        if (what == refused)
        {
            throw new IOException("refused");
        }

        _log.Add(what);
    }

    private Task<IReadOnlyList<StepFailure>> CarryAsync(params Step<List<string>>[] steps) =>
        PlanRun.CarryAsync(new("test", steps), _log, observer: null, CancellationToken.None);

    private sealed class RecordingNote(string fails) : IStepNote<List<string>>
    {
        public string Name => "a note";

        public void Begin(List<string> subject) => Write(subject, "begin");

        public void Complete(List<string> subject) => Write(subject, "complete");

        public void Refused(List<string> subject, Exception failure) => Write(subject, "refused");

        private void Write(List<string> log, string what)
        {
            if (what == fails)
            {
                throw new IOException("not written");
            }

            log.Add(what);
        }
    }
}
