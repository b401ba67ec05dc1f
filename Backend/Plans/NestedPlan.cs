namespace PciBackFlow.Backend.Plans;

/// <summary>A plan carried out for each part of what another one works on.</summary>
/// <typeparam name="T">What the outer plan works on.</typeparam>
/// <typeparam name="TPart">What the inner one works on.</typeparam>
/// <param name="plan">The inner plan.</param>
/// <param name="forEach">What the parts are, for the table; null when there is always one.</param>
/// <param name="parts">The parts in order.</param>
internal sealed class NestedPlan<T, TPart>(Plan<TPart> plan, string? forEach, Func<T, IEnumerable<TPart>> parts) : INestedPlan<T>
{
    /// <inheritdoc/>
    public IPlan Plan => plan;

    /// <inheritdoc/>
    public string? ForEach => forEach;

    /// <summary>Asked when one part fails: whether the others are gone on with. What the plan did for it before is not undone. Null: never.</summary>
    public Func<TPart, Exception, bool>? Survives { get; init; }

    /// <inheritdoc/>
    public async Task RunAsync(PlanRun run, T subject, CancellationToken cancellationToken)
    {
        foreach (TPart part in parts(subject))
        {
            try
            {
                await run.WithinAsync(plan, part, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (Survives?.Invoke(part, e) == true)
            {
                // Who decided that has said so.
            }
        }
    }
}
