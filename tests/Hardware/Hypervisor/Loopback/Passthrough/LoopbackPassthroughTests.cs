using PciBackFlow.Hardware.Contracts;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Hypervisor.Loopback;
using PciBackFlow.Hardware.Hypervisor.Loopback.Passthrough;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Passthrough;

/// <summary>The calls of domain 0 as such: they keep the contract, only domain 0 has them, and a test can watch them and make them fail.</summary>
public sealed class LoopbackPassthroughTests : LoopbackMachine
{
    public static TheoryData<string> Contract => [.. PassthroughContract.Checks.Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(Contract))]
    public void The_loopback_keeps_the_contract(string name)
    {
        PassthroughContract.Checks.Single(check => check.Name == name).Run(new PassthroughSubject(Physdev, Control, 5, Nic, TableBase, 20, Unknown, 32));

        Assert.False(Passthrough.HasAnything(5));
        Assert.Equal(0, Passthrough.OwnerOf(Nic));
        Assert.False(Passthrough.IsPrepared(Nic));
    }

    [Fact]
    public void The_contract_holds_for_a_function_that_can_send_one_message()
    {
        Passthrough.Describe(Nic, new LoopbackFunctionTraits { MsiVectors = 1 });

        PassthroughContract.Two_msi_vectors_follow_each_other_and_a_function_of_one_is_offered_one(
            new PassthroughSubject(Physdev, Control, 5, Nic, TableBase, 20, Unknown, 1));
    }

    [Fact]
    public void A_guest_controls_neither_domains_nor_devices()
    {
        LoopbackHypervisor view = Host.ViewOf(5);

        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(view.OpenPhysdev).Errno);
        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(view.OpenDomainControl).Errno);
    }

    [Fact]
    public void A_closed_descriptor_is_not_used()
    {
        Physdev.Dispose();
        Control.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Physdev.MapLine(5, 20));
        Assert.Throws<ObjectDisposedException>(() => Control.Find(5));
        Assert.Throws<ObjectDisposedException>(() => Control.Pause(5));
    }

    [Fact]
    public void A_chosen_call_fails_once_and_does_nothing()
    {
        Control.Assign(5, Nic, relaxed: false);
        Physdev.PrepareMsix(Nic);
        Passthrough.Fail(LoopbackCall.MapMessage, Errno.ENOSPC, ordinal: 2);
        Passthrough.Fail(LoopbackCall.AllowMemory, Errno.EPERM);

        Physdev.MapMessage(5, Nic, 0, TableBase);
        Assert.Equal(Errno.ENOSPC, Assert.Throws<HypervisorException>(() => Physdev.MapMessage(5, Nic, 1, TableBase)).Errno);
        Physdev.MapMessage(5, Nic, 2, TableBase);
        Assert.Equal(Errno.EPERM, Assert.Throws<HypervisorException>(() => Control.AllowMemory(5, 1, 1, allow: true)).Errno);

        Assert.Equal([0, 2], Passthrough.PirqsOf(5).Select(pirq => pirq.Source).Order());
        Assert.Empty(Passthrough.MemoryOf(5));
    }

    [Fact]
    public void An_observer_sees_the_order_and_may_refuse()
    {
        List<LoopbackCall> seen = [];
        Passthrough.Observer = request =>
        {
            seen.Add(request.Call);
            if (request is { Call: LoopbackCall.MapMessage, Number: 1, Function: { } function } && function == Nic)
            {
                throw new HypervisorException(Errno.EIO, "as told");
            }
        };

        int[] pirqs = MapEntries(1);
        Assert.Equal(Errno.EIO, Assert.Throws<HypervisorException>(() => Physdev.MapMessage(5, Nic, 1, TableBase)).Errno);
        Physdev.Unmap(5, pirqs[0]);

        Assert.Equal([LoopbackCall.PrepareMsix, LoopbackCall.Assign, LoopbackCall.MapMessage, LoopbackCall.MapMessage, LoopbackCall.Unmap], seen);
    }
}
