using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Passthrough;

/// <summary>A domain as domain 0 sees it, and what is left of it when it ends.</summary>
public sealed class LoopbackDomainLifeTests : LoopbackMachine
{
    [Fact]
    public void What_a_domain_is_like_is_told()
    {
        var handle = Guid.NewGuid();
        LoopbackDomain domain = Host.CreateDomain(7, handle);
        domain.IsHardwareVirtualized = true;
        Control.Pause(7);

        Assert.Equal(
            new DomainInfo(7, handle, IsDying: false, IsShutdown: false, IsPaused: true, IsHardwareVirtualized: true), Control.Find(7));
        Control.Unpause(7);
        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => Control.Unpause(7)).Errno);
        Assert.False(domain.IsPaused);
    }

    [Fact]
    public void A_guest_that_is_stopped_as_crashed_has_ended_and_the_control_domain_cannot_be()
    {
        Control.Crash(5);

        Assert.True(Control.Find(5)!.Value.IsShutdown);
        Assert.Equal(Errno.ESRCH, Assert.Throws<HypervisorException>(() => Control.Crash(99)).Errno);
        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(() => Control.Crash(0)).Errno);
    }

    [Fact]
    public void The_end_of_a_guest_is_announced_when_it_halts_when_it_dies_and_when_it_is_gone()
    {
        using IXenStore store = Host.BackendView.OpenXenStore();
        using var fired = new SemaphoreSlim(0);
        using IDisposable watch = store.Watch("@releaseDomain", _ => fired.Release());
        Assert.True(fired.Wait(10_000));

        Host.ShutDown(5);
        Assert.True(fired.Wait(10_000));
        Assert.True(Control.Find(5)!.Value.IsShutdown);
        Host.ShutDown(5);
        Host.BeginDestroy(5);
        Assert.True(fired.Wait(10_000));
        Assert.NotNull(store.Directory("/local/domain/5"));
        Host.DestroyDomain(5);
        Assert.True(fired.Wait(10_000));
        Assert.Null(store.Directory("/local/domain/5"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_guest_that_dies_loses_everything(bool somebodyHoldsAPage)
    {
        int pirq = MapEntries(1)[0];
        Physdev.MapLine(5, 20);
        Control.AllowMemory(5, 1, 2, allow: true);
        Control.AllowPorts(5, 1, 2, allow: true);
        using IDisposable binding = Guest.BindPirq(pirq, () => { });

        if (somebodyHoldsAPage)
        {
            Host.BeginDestroy(5);
            Assert.True(Control.Find(5)!.Value.IsDying);
            Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => Physdev.Unmap(5, pirq)).Errno);
            Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => Control.Assign(5, Nic, relaxed: false)).Errno);
            Assert.Equal(Errno.EEXIST, Assert.Throws<HypervisorException>(() => Host.CreateDomain(5)).Errno);
        }
        else
        {
            Host.DestroyDomain(5);
            Assert.Null(Control.Find(5));
            Assert.Equal(Errno.ESRCH, Assert.Throws<HypervisorException>(() => Physdev.Unmap(5, pirq)).Errno);
        }

        Assert.False(Passthrough.HasAnything(5));
        Assert.Equal(DomainInfo.Quarantine, Passthrough.OwnerOf(Nic));
        Assert.False(Passthrough.RaiseMessage(Nic, 0));
        Physdev.ReleaseMsix(Nic);

        Host.DestroyDomain(5);
        LoopbackDomain next = Host.CreateDomain(5);
        Assert.NotEqual(Guest.Handle, next.Handle);
        Assert.False(Passthrough.HasAnything(5));
    }
}
