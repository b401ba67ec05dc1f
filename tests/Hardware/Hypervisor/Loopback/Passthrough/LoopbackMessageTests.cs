using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Passthrough;

/// <summary>Messages of a function: what can be mapped, and what is written back into it.</summary>
public sealed class LoopbackMessageTests : LoopbackMachine
{
    [Fact]
    public void Msix_of_a_function_that_does_not_decode_memory_is_refused()
    {
        bool decodes = false;
        Passthrough.Describe(Nic, new LoopbackFunctionTraits { MsixEntries = 5, DecodesMemory = () => decodes });
        Assert.Equal(Errno.ENXIO, Assert.Throws<HypervisorException>(() => Physdev.PrepareMsix(Nic)).Errno);
        decodes = true;
        Physdev.PrepareMsix(Nic);
        Control.Assign(5, Nic, relaxed: false);
        Physdev.MapMessage(5, Nic, 4, TableBase);
        Assert.Equal(Errno.EINVAL, Assert.Throws<HypervisorException>(() => Physdev.MapMessage(5, Nic, 5, TableBase)).Errno);

        decodes = false;

        Assert.Equal(Errno.ENXIO, Assert.Throws<HypervisorException>(() => Physdev.MapMessage(5, Nic, 0, TableBase)).Errno);
        Assert.Equal(Errno.ENXIO, Assert.Throws<HypervisorException>(() => Physdev.RestoreMessages(Nic)).Errno);
    }

    [Fact]
    public void A_function_without_the_capability_has_no_messages()
    {
        Passthrough.Describe(Nic, new LoopbackFunctionTraits { MsixEntries = 0, MsiVectors = 0 });
        Control.Assign(5, Nic, relaxed: false);

        Assert.Equal(Errno.ENODEV, Assert.Throws<HypervisorException>(() => Physdev.PrepareMsix(Nic)).Errno);
        Assert.Equal(Errno.ENODEV, Assert.Throws<HypervisorException>(() => Physdev.MapMessage(5, Nic, 0, TableBase)).Errno);
        Assert.Equal(Errno.ENODEV, Assert.Throws<HypervisorException>(() => Physdev.MapMessage(5, Nic, 0, 0)).Errno);
        Assert.Equal(Errno.ENODEV, Assert.Throws<HypervisorException>(() => Physdev.MapMessages(5, Nic, 2, out _)).Errno);
    }

    [Theory] // wanted, vectors of the function, pirqs of the guest, interrupt remapping; what is mapped, what is offered instead
    [InlineData(4, 32, 256, true, 4, 0)]
    [InlineData(3, 32, 256, true, 4, 0)]
    [InlineData(8, 4, 256, true, 0, 4)]
    [InlineData(8, 32, 6, true, 0, 4)]
    [InlineData(32, 32, 1, true, 0, 1)]
    [InlineData(2, 32, 256, false, 0, 1)]
    [InlineData(1, 32, 256, false, 1, 0)]
    public void Several_vectors_are_in_a_row_or_fewer_are_offered(int wanted, int vectors, int pirqs, bool remapping, int mapped, int available)
    {
        var host = new LoopbackHost(new LoopbackPlatform { MessagesPerGuest = pirqs, HasInterruptRemapping = remapping });
        host.CreateDomain(5);
        host.Passthrough.Describe(Nic, new LoopbackFunctionTraits { MsiVectors = vectors });
        using IDomainControl domains = host.BackendView.OpenDomainControl();
        domains.Assign(5, Nic, relaxed: false);
        using IPhysdev physdev = host.BackendView.OpenPhysdev();
        Assert.Equal(remapping, domains.RemapsInterrupts());

        int first = physdev.MapMessages(5, Nic, wanted, out int offered);

        Assert.Equal((mapped != 0, available), (first > 0, offered));
        Assert.Equal(
            Enumerable.Range(0, mapped).Select(i => new LoopbackPirq(first + i, LoopbackPirqKind.Msi, Nic, i, IsBound: false)), host.Passthrough.PirqsOf(5));
        if (first > 0)
        {
            physdev.Unmap(5, first);
            Assert.Empty(host.Passthrough.PirqsOf(5));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    [InlineData(-1)]
    public void A_number_of_vectors_that_msi_can_not_have_is_refused(int count)
    {
        Control.Assign(5, Nic, relaxed: false);

        Assert.Equal(Errno.EDOM, Assert.Throws<HypervisorException>(() => Physdev.MapMessages(5, Nic, count, out _)).Errno);
    }

    [Fact]
    public void A_guest_has_only_so_many_pirqs()
    {
        var host = new LoopbackHost(new LoopbackPlatform { MessagesPerGuest = 32 });
        host.CreateDomain(5);
        host.BackendView.OpenDomainControl().Assign(5, Nic, relaxed: false);
        using IPhysdev physdev = host.BackendView.OpenPhysdev();
        physdev.PrepareMsix(Nic);
        var pirqs = Enumerable.Range(0, 32).Select(entry => physdev.MapMessage(5, Nic, entry, TableBase)).ToList();

        Assert.Equal(32, pirqs.Distinct().Count());
        Assert.Equal(Errno.ENOSPC, Assert.Throws<HypervisorException>(() => physdev.MapMessage(5, Nic, 32, TableBase)).Errno);
        Assert.Equal(Errno.ENOSPC, Assert.Throws<HypervisorException>(() => physdev.MapMessages(5, Nic, 2, out _)).Errno);
    }

    [Fact]
    public void A_restore_is_told_to_the_function_when_it_has_messages()
    {
        int restored = 0;
        Passthrough.Describe(Nic, new LoopbackFunctionTraits { Restored = () => restored++ });
        Physdev.RestoreMessages(Nic);
        Assert.Equal(0, restored);
        MapEntries(1);

        Physdev.RestoreMessages(Nic);

        Assert.Equal(1, restored);
    }
}
