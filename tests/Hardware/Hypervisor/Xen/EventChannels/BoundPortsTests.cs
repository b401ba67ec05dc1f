using PciBackFlow.Hardware.Hypervisor.Xen.EventChannels;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Xen.EventChannels;

public sealed class BoundPortsTests
{
    [Fact]
    public void Events_of_ports_that_are_not_bound_are_dropped()
    {
        var bound = new BoundPorts();
        foreach (int port in (int[])[1, 63, 64, 5000])
        {
            bound.Add(port);
        }

        Assert.True(bound.Remove(64));
        Assert.False(bound.Remove(64));
        Assert.False(bound.Remove(-1));
        Assert.False(bound.Remove(1 << 20));
        int[] ports = [5000, 64, 1, -1, int.MaxValue, 63, 2];

        Assert.Equal(3, bound.Keep(ports));
        Assert.Equal([5000, 1, 63], ports[..3]);
    }

    [Fact]
    public void After_an_overflow_every_bound_port_is_due_once()
    {
        var bound = new BoundPorts();
        int[] all = [.. Enumerable.Range(0, 300).Select(i => i * 7)];
        Array.ForEach(all, bound.Add);
        int[] some = new int[64];
        Assert.Equal(0, bound.TakeDue(some));

        bound.AllDue();
        var taken = new List<int>();
        int count;
        while ((count = bound.TakeDue(some)) != 0)
        {
            taken.AddRange(some[..count]);
        }

        Assert.Equal(all, taken);
        Assert.Equal(0, bound.TakeDue(some));
    }
}
