using PciBackFlow.Pipeline;

namespace PciBackFlow.Conformance.Tests.Protocol;

/// <summary>Event ports as a hypervisor has them, in few lines: a delivered port is masked, and signals of a masked port are kept as one.</summary>
internal sealed class TestSource : IReadySource
{
    private readonly object _gate = new();
    private readonly SortedSet<int> _pending = [];
    private readonly HashSet<int> _masked = [];
    private bool _woken;

    internal void Signal(int port)
    {
        lock (_gate)
        {
            _pending.Add(port);
            Monitor.PulseAll(_gate);
        }
    }

    public int Take(Span<int> ports, int timeoutMilliseconds)
    {
        lock (_gate)
        {
            int count = Deliver(ports);
            if (count == 0 && !_woken && timeoutMilliseconds != 0)
            {
                Monitor.Wait(_gate, timeoutMilliseconds);
                count = Deliver(ports);
            }

            _woken = false;
            return count;
        }
    }

    public void Unmask(ReadOnlySpan<int> ports)
    {
        lock (_gate)
        {
            foreach (int port in ports)
            {
                _masked.Remove(port);
            }
        }
    }

    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.PulseAll(_gate);
        }
    }

    public void Dispose()
    {
    }

    private int Deliver(Span<int> ports)
    {
        int count = 0;
        foreach (int port in _pending)
        {
            if (count < ports.Length && !_masked.Contains(port))
            {
                ports[count++] = port;
            }
        }

        foreach (int port in ports[..count])
        {
            _pending.Remove(port);
            _masked.Add(port);
        }

        return count;
    }
}
