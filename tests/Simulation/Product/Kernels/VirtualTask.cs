namespace PciBackFlow.Simulation;

/// <summary>What the product asks of tasks that has to do with the clock or the thread pool.</summary>
internal static class VirtualTask
{
    public static Task Delay(TimeSpan time, CancellationToken cancellationToken = default) => Task.Delay(time, VirtualTime.Provider, cancellationToken);

    public static Task Delay(int milliseconds, CancellationToken cancellationToken = default) =>
        Delay(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    public static Task Delay(TimeSpan time, TimeProvider clock, CancellationToken cancellationToken = default) =>
        Task.Delay(time, clock, cancellationToken);

    public static Task Run(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, Kernel.Scheduler);

    public static Task<T> Run<T>(Func<Task<T>> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, Kernel.Scheduler).Unwrap();

    public static Task Run(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, Kernel.Scheduler).Unwrap();

    public static Task VirtualWaitAsync(this Task task, TimeSpan time, CancellationToken cancellationToken = default) =>
        task.WaitAsync(time, VirtualTime.Provider, cancellationToken);

    public static Task VirtualWaitAsync(this Task task, CancellationToken cancellationToken) => task.WaitAsync(cancellationToken);

    public static Task<T> VirtualWaitAsync<T>(this Task<T> task, TimeSpan time, CancellationToken cancellationToken = default) =>
        task.WaitAsync(time, VirtualTime.Provider, cancellationToken);

    public static Task<T> VirtualWaitAsync<T>(this Task<T> task, CancellationToken cancellationToken) => task.WaitAsync(cancellationToken);

    public static Task VirtualWaitAsync(this SemaphoreSlim semaphore) => semaphore.WaitAsync();
}
