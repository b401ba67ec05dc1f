namespace PciBackFlow.Backend.Plans;

/// <summary>One row of a plan: what is done, what is written down of it, what undoes it, how long it may wait.</summary>
/// <typeparam name="T">What the plan works on.</typeparam>
/// <param name="Name">What it does, in words that finish "failed at …".</param>
internal sealed record Step<T>(string Name) : IStep
{
    /// <summary>Does it.</summary>
    public Action<T>? Do { get; init; }

    /// <summary>Does it where it must wait for somebody else.</summary>
    public Func<T, CancellationToken, Task>? DoAsync { get; init; }

    /// <summary>Undoes it when a later step fails; null when there is nothing to undo, or when what follows undoes it.</summary>
    public Action<T>? Undo { get; init; }

    /// <summary>Undoes it where it must wait for somebody else.</summary>
    public Func<T, Task>? UndoAsync { get; init; }

    /// <summary>Whether it is undone also when it failed itself: it may have been done in part.</summary>
    public bool IsUndoneWhenHalfDone { get; init; }

    /// <summary>Whether there is no way back after it: what was done before it stays done, whatever fails later.</summary>
    public bool IsPointOfNoReturn { get; init; }

    /// <summary>Whether its failure is only noted, and the next step is taken all the same.</summary>
    public bool IsBestEffort { get; init; }

    /// <summary>Whether it is taken at all; null for always.</summary>
    public Func<T, bool>? When { get; init; }

    /// <summary>What is written down before and after it; null for nothing.</summary>
    public IStepNote<T>? Note { get; init; }

    /// <summary>Its name for one subject, where that says more: an address, a driver's name.</summary>
    public Func<T, string>? Title { get; init; }

    /// <summary>A plan that is carried out within it, once or for each of several; null for none.</summary>
    public INestedPlan<T>? Nested { get; init; }

    /// <inheritdoc/>
    public string? Condition { get; init; }

    /// <inheritdoc/>
    public string? Journal { get; init; }

    /// <inheritdoc/>
    public string? UndoneBy { get; init; }

    /// <inheritdoc/>
    public string? Patience { get; init; }

    IPlan? IStep.Plan => Nested?.Plan;

    string? IStep.ForEach => Nested?.ForEach;

    bool IStep.IsConditional => When is not null;

    bool IStep.HasUndo => Undo is not null || UndoAsync is not null;

    string? IStep.Journal => Journal ?? Note?.Name;
}
