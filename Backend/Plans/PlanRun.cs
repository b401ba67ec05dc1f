using System.Runtime.ExceptionServices;

namespace PciBackFlow.Backend.Plans;

/// <summary>
/// Carries out one plan with those within it: step by step, and when one fails, undoes what was done before, the last first. One caller at
/// a time; each run has its own.
/// </summary>
/// <param name="observer">Who follows it; null for nobody.</param>
internal sealed class PlanRun(IPlanObserver? observer)
{
    private readonly Stack<(string Title, Func<Task> Undo)> _done = [];
    private readonly List<StepFailure> _noted = [];

    /// <summary>Carries out a plan none of whose steps waits.</summary>
    /// <returns>The best-effort steps that failed.</returns>
    public static IReadOnlyList<StepFailure> Carry<T>(Plan<T> plan, T subject, IPlanObserver? observer = null) =>
        CarryAsync(plan, subject, observer, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Carries out a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="subject">What it works on.</param>
    /// <param name="observer">Who follows it; null for nobody.</param>
    /// <param name="cancellationToken">Passed to the steps that wait.</param>
    /// <returns>The best-effort steps that failed.</returns>
    /// <exception cref="Exception">A step failed; as the plan explains it. Everything before it was undone as far as that could be.</exception>
    public static async Task<IReadOnlyList<StepFailure>> CarryAsync<T>(Plan<T> plan, T subject, IPlanObserver? observer, CancellationToken cancellationToken)
    {
        PlanRun run = new(observer);
        if (await run.StepAsync(plan, subject, cancellationToken).ConfigureAwait(false) is { } failure)
        {
            throw Explained(plan, subject, failure with { NotUndone = await run.UndoAllAsync().ConfigureAwait(false) });
        }

        return run._noted;
    }

    /// <summary>Carries out a plan as a part of the one that is under way.</summary>
    /// <exception cref="Exception">A step failed; as the inner plan explains it. The outer one undoes.</exception>
    public async Task WithinAsync<T>(Plan<T> plan, T subject, CancellationToken cancellationToken)
    {
        if (await StepAsync(plan, subject, cancellationToken).ConfigureAwait(false) is { } failure)
        {
            throw Explained(plan, subject, failure);
        }
    }

    /// <returns>The first step that failed; null when all were taken.</returns>
    private async Task<StepFailure?> StepAsync<T>(Plan<T> plan, T subject, CancellationToken cancellationToken)
    {
        foreach (Step<T> step in plan.Steps)
        {
            try
            {
                if (step.When?.Invoke(subject) == false)
                {
                    continue;
                }

                observer?.Before(plan, step);
                await TakeAsync(step, subject, cancellationToken).ConfigureAwait(false);
                observer?.After(plan, step);
            }
            catch (Exception e) when (plan.Expects(e))
            {
                StepFailure failure = new(Title(step, subject), e, []);
                if (!step.IsBestEffort)
                {
                    return failure;
                }

                _noted.Add(failure);
            }
        }

        return null;
    }

    private async Task TakeAsync<T>(Step<T> step, T subject, CancellationToken cancellationToken)
    {
        if (step.IsUndoneWhenHalfDone)
        {
            Remember(step, subject);
        }

        await NotedAsync(step, subject, cancellationToken).ConfigureAwait(false);
        if (!step.IsUndoneWhenHalfDone)
        {
            Remember(step, subject);
        }

        if (step.IsPointOfNoReturn)
        {
            _done.Clear();
        }
    }

    private async Task NotedAsync<T>(Step<T> step, T subject, CancellationToken cancellationToken)
    {
        step.Note?.Begin(subject);
        try
        {
            step.Do?.Invoke(subject);
            if (step.DoAsync is { } doAsync)
            {
                await doAsync(subject, cancellationToken).ConfigureAwait(false);
            }

            if (step.Nested is { } nested)
            {
                await nested.RunAsync(this, subject, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (step.Note is not null)
        {
            step.Note.Refused(subject, e);
            throw;
        }

        step.Note?.Complete(subject);
    }

    private void Remember<T>(Step<T> step, T subject)
    {
        if (step.Undo is { } undo)
        {
            _done.Push((Title(step, subject), () =>
            {
                undo(subject);
                return Task.CompletedTask;
            }));
        }
        else if (step.UndoAsync is { } undoAsync)
        {
            _done.Push((Title(step, subject), () => undoAsync(subject)));
        }
    }

    private async Task<IReadOnlyList<StepFailure>> UndoAllAsync()
    {
        List<StepFailure> left = [];
        while (_done.TryPop(out (string Title, Func<Task> Undo) step))
        {
            try
            {
                await step.Undo().ConfigureAwait(false);
            }
            catch (Exception e) when (StepFailure.IsExpected(e))
            {
                left.Add(new(step.Title, e, []));
            }
        }

        return left;
    }

    private static string Title<T>(Step<T> step, T subject) => step.Title?.Invoke(subject) ?? step.Name;

    private static Exception Explained<T>(Plan<T> plan, T subject, StepFailure failure)
    {
        Exception explained = plan.Explain(subject, failure);
        if (ReferenceEquals(explained, failure.Exception))
        {
            // As it was thrown, with where.
            ExceptionDispatchInfo.Throw(explained);
        }

        return explained;
    }
}
