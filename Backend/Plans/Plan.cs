using PciBackFlow.Filter.Insight;

namespace PciBackFlow.Backend.Plans;

/// <summary>
/// An operation as a table: rows that either all happen or leave nothing behind. <see cref="PlanRun"/> carries it out; it has no state of its own.
/// </summary>
/// <typeparam name="T">What it works on, and what one step leaves for the next.</typeparam>
/// <param name="Name">What is done as a whole: "attach".</param>
/// <param name="Steps">The rows in order.</param>
internal sealed record Plan<T>(string Name, IReadOnlyList<Step<T>> Steps) : IPlan
{
    /// <summary>
    /// Which exceptions a step may answer with: then what was done is undone. Another one is a defect of the program and is not dressed up:
    /// nothing is undone. By
    /// default what the world outside can answer.
    /// </summary>
    public Func<Exception, bool> Expects { get; init; } = StepFailure.IsExpected;

    /// <summary>What is thrown for a step that failed; by default the step's own exception.</summary>
    public Func<T, StepFailure, Exception> Explain { get; init; } = static (_, failure) => failure.Exception;

    IReadOnlyList<IStep> IPlan.Steps => Steps;
}
