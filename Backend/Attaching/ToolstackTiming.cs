namespace PciBackFlow.Backend.Attaching;

/// <summary>How patient the toolstack's half is. The defaults are libxl's where it has one.</summary>
public sealed record ToolstackTiming
{
    /// <summary>How long a guest that is in the middle of another change is waited for (libxl: 10 s).</summary>
    public TimeSpan Ready { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a running guest has to take a device up: it scans its bus and probes a driver.</summary>
    public TimeSpan TakeUp { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a running guest's frontend that has never answered is waited for before the device counts as offered.</summary>
    public TimeSpan FirstConnect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a guest has to let go of a device.</summary>
    public TimeSpan LetGo { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the backend has to quiesce and reset a device that no guest uses any more.</summary>
    public TimeSpan Reset { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a guest that lost its last device has to close its frontend before the directories go.</summary>
    public TimeSpan Close { get; init; } = TimeSpan.FromSeconds(2);
}
