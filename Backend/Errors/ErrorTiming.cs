namespace PciBackFlow.Backend.Errors;

/// <summary>How long recoveries take at most, and how many there may be.</summary>
public sealed record ErrorTiming
{
    /// <summary>How long a guest may take for one answer. Linux's drivers stop and start their queues within it.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request that is inside a function is waited for before the reset.</summary>
    public TimeSpan Turn { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a recovery from a fatal error that an earlier daemon only noted waits, for the kernel's reset of the link to have begun.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Recoveries of one device within <see cref="BudgetWindow"/>; one more, and it is in quarantine.</summary>
    public int Budget { get; init; } = 5;

    /// <summary>How long they have to last.</summary>
    public TimeSpan BudgetWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long no guest gets a device in quarantine.</summary>
    public TimeSpan Quarantine { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a device's next line in the log waits.</summary>
    public TimeSpan LogWindow { get; init; } = TimeSpan.FromMinutes(1);
}
