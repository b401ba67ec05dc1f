namespace PciBackFlow.Backend.Plans;

/// <summary>A plan within a step of another one.</summary>
/// <typeparam name="T">What the outer plan works on.</typeparam>
internal interface INestedPlan<in T>
{
    /// <summary>The plan.</summary>
    IPlan Plan { get; }

    /// <summary>What it is repeated for; null when it is carried out once.</summary>
    string? ForEach { get; }

    /// <summary>Carries it out as a part of the outer one: what it did is undone with that.</summary>
    Task RunAsync(PlanRun run, T subject, CancellationToken cancellationToken);
}
