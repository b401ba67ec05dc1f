namespace PciBackFlow.Backend.Succession;

/// <summary>How long the two daemons wait for each other.</summary>
public sealed record SuccessionTiming
{
    /// <summary>For the first word of whoever connects.</summary>
    public TimeSpan Hello { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For the predecessor's commands to end: longer than its drain takes at most. Guests are served meanwhile.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>For the successor's preparation, which opens the machine. Guests are served meanwhile.</summary>
    public TimeSpan Preparation { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For the predecessor's last look at each guest, which may wait for a device's reset.</summary>
    public TimeSpan Release { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For the successor to serve. Guests wait, and Linux's frontend gives up after 2 s; but one that is about to serve is sooner than one that comes back.
    /// </summary>
    public TimeSpan Serving { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>For the predecessor's last word.</summary>
    public TimeSpan Over { get; init; } = TimeSpan.FromSeconds(5);
}
