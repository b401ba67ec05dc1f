namespace PciBackFlow.Simulation;

/// <summary>One program's life: what it has begun, and what ends with it.</summary>
internal sealed class VirtualProcess
{
    private readonly List<Exception> _failures = [];

    public VirtualProcess(Kernel kernel, string name)
    {
        Kernel = kernel;
        Name = name;
        Scheduler = new VirtualScheduler(this);
    }

    public Kernel Kernel { get; }

    public string Name { get; }

    public TaskScheduler Scheduler { get; }

    /// <summary>One round of each shard's loop.</summary>
    public List<Func<bool>> Shards { get; } = [];

    public bool IsDead { get; private set; }

    /// <summary>What left its work unobserved.</summary>
    public IReadOnlyList<Exception> Failures => _failures;

    public void Kill()
    {
        IsDead = true;
        Kernel.Forget(this);
    }

    public void ThrowIfDead()
    {
        if (IsDead)
        {
            throw new ObjectDisposedException(Name);
        }
    }

    public void Failed(Exception failure)
    {
        if (!IsDead)
        {
            _failures.Add(failure);
        }
    }
}
