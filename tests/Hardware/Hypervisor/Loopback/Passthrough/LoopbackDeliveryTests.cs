using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Passthrough;

/// <summary>Interrupts on their way from a function to the guest that bound them.</summary>
public sealed class LoopbackDeliveryTests : LoopbackMachine
{
    [Fact]
    public void A_raised_entry_reaches_the_guest_that_bound_its_pirq()
    {
        int[] seen = new int[2];
        int[] pirqs = MapEntries(2);
        using IDisposable first = Guest.BindPirq(pirqs[0], () => seen[0]++);
        using IDisposable second = Guest.BindPirq(pirqs[1], () => seen[1]++);

        Assert.True(Passthrough.RaiseMessage(Nic, 1));
        Assert.True(Passthrough.RaiseMessage(Nic, 1));
        Assert.True(Passthrough.RaiseMessage(Nic, 0));
        Assert.False(Passthrough.RaiseMessage(Nic, 2));
        Assert.False(Passthrough.RaiseMessage(Disk, 0));

        Assert.Equal([1, 2], seen);
        Assert.All(Passthrough.PirqsOf(5), pirq => Assert.True(pirq.IsBound));
    }

    [Fact]
    public void What_was_raised_before_the_guest_bound_it_is_delivered_once_then()
    {
        int seen = 0;
        int pirq = MapEntries(1)[0];
        Assert.False(Passthrough.RaiseMessage(Nic, 0));
        Assert.False(Passthrough.RaiseMessage(Nic, 0));

        using IDisposable binding = Guest.BindPirq(pirq, () => seen++);

        Assert.Equal(1, seen);
    }

    [Fact]
    public void An_unmapped_entry_reaches_nobody_and_its_number_is_free_once_the_guest_closed_it()
    {
        int seen = 0;
        int pirq = MapEntries(1)[0];
        IDisposable binding = Guest.BindPirq(pirq, () => seen++);

        Physdev.Unmap(5, pirq);
        Assert.False(Passthrough.RaiseMessage(Nic, 0));
        Assert.Empty(Passthrough.PirqsOf(5));
        Assert.NotEqual(pirq, Physdev.MapMessage(5, Nic, 0, TableBase));

        binding.Dispose();
        Assert.Equal(pirq, Physdev.MapMessage(5, Nic, 1, TableBase));
        Assert.Equal(0, seen);
    }

    [Fact]
    public void Only_what_is_mapped_and_permitted_can_be_bound_and_once()
    {
        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(() => Guest.BindPirq(20, () => { })).Errno);
        Physdev.MapLine(5, 20);
        using (Guest.BindPirq(20, () => { }))
        {
            Assert.Equal(Errno.EEXIST, Assert.Throws<HypervisorException>(() => Guest.BindPirq(20, () => { })).Errno);
        }

        Control.AllowInterrupt(5, 20, allow: false);
        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(() => Guest.BindPirq(20, () => { })).Errno);
    }

    [Fact]
    public void A_shared_line_reaches_every_guest_that_has_it()
    {
        int seen = 0;
        Physdev.MapLine(5, 20);
        Physdev.MapLine(6, 20);
        using IDisposable one = Guest.BindPirq(20, () => seen++);
        using IDisposable other = Host.Domains.Single(domain => domain.DomainId == 6).BindPirq(20, () => seen += 10);

        Assert.Equal(2, Passthrough.RaiseLine(20));
        Assert.Equal(0, Passthrough.RaiseLine(21));
        Physdev.Unmap(6, 20);
        Assert.Equal(1, Passthrough.RaiseLine(20));

        Assert.Equal(12, seen);
    }
}
