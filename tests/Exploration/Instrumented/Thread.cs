using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>A thread of the schedule.</summary>
public sealed class Thread(System.Threading.ThreadStart body)
{
    private ScheduledThread? _scheduled;

    public string? Name { get; set; }

    public bool IsBackground { get; set; }

    /// <summary>Whether it has begun and not ended.</summary>
    public bool IsAlive => _scheduled is { IsFinished: false };

    public static void Yield() => ScheduledThread.Current?.Execution.Yield();

    public static void SpinWait(int iterations) => Yield();

    public static void Sleep(int milliseconds) => Kernel.Block($"{milliseconds} ms to pass", static () => false, milliseconds);

    public void Start()
    {
        // Everything written before is visible to the new thread.
        Kernel.Enter("starts", Name ?? "a thread");
        _scheduled = ScheduledThread.Current!.Execution.Start(Name ?? "a thread", () => body());
        Kernel.Leave();
    }

    public void Join() => Join(-1);

    public bool Join(int milliseconds) => Kernel.Block($"the end of {Name}", () => _scheduled!.IsFinished, milliseconds);
}
