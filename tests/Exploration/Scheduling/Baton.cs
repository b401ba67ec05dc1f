namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>What one real thread hands to another; who waits for it sleeps.</summary>
internal sealed class Baton
{
    private readonly object _gate = new();
    private bool _given;

    internal void Give()
    {
        lock (_gate)
        {
            _given = true;
            Monitor.Pulse(_gate);
        }
    }

    internal void Await()
    {
        lock (_gate)
        {
            while (!_given)
            {
                Monitor.Wait(_gate);
            }

            _given = false;
        }
    }
}
