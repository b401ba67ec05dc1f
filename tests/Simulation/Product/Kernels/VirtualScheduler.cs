namespace PciBackFlow.Simulation;

/// <summary>A process's thread pool.</summary>
internal sealed class VirtualScheduler(VirtualProcess process) : TaskScheduler
{
    protected override void QueueTask(Task task) => process.Kernel.Add(process, () => TryExecuteTask(task));

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
