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

    /// <inheritdoc/>
    public async Task RunAsync(PlanRun run, T subject, CancellationToken cancellationToken)
    {
        foreach (TPart part in parts(subject))
        {
            await run.WithinAsync(plan, part, cancellationToken).ConfigureAwait(false);
        }
    }
}
