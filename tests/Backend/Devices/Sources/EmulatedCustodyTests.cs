using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Backend.Tests.Devices.Sources;

public sealed class EmulatedCustodyTests : IDisposable
{
    private static readonly PciAddress Nic = new(0, 0, 4, 0);

    private readonly EmulatedCustody _custody = new(Functions());

    public void Dispose() => _custody.Dispose();

    [Fact]
    public void Its_devices_are_held_and_its_bridges_are_refused()
    {
        PciAddress bridge = Functions().Select(create => create()).First(function => ConfigHeader.KindOf(function) == HeaderKind.Bridge).Address;

        Assert.Contains(_custody.Held(), device => device.Address == Nic);
        Assert.DoesNotContain(_custody.Held(), device => device.Address == bridge);
        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => _custody.Take(bridge, null, force: true)).Failure);
    }

    [Fact]
    public void Taking_twice_changes_the_name_alone_and_a_name_belongs_to_one_device()
    {
        _custody.Take(Nic, "nic", force: false);
        PciAddress other = _custody.Held().First(device => device.Address != Nic).Address;

        Assert.Equal("lan", _custody.Take(Nic, "lan", force: false).Name);
        Assert.Equal(Nic, _custody.Find("lan")!.Address);
        Assert.Null(_custody.Find("nic"));
        Assert.Equal(BackendFailure.Malformed, Assert.Throws<BackendException>(() => _custody.Take(other, "lan", force: false)).Failure);
        Assert.Null(_custody.Find(other.ToString())!.Name);
    }

    [Fact]
    public void A_device_belongs_to_one_guest_at_a_time_and_is_not_given_back_meanwhile()
    {
        Assert.True(_custody.Functions.Claim(3, Nic).IsGranted);

        Assert.Contains("domain 3", _custody.Functions.Claim(4, Nic).Refusal?.Reason, StringComparison.Ordinal);
        Assert.Equal(3, _custody.Find("00:04.0")!.OwnerDomain);
        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => _custody.GiveBack(Nic, rebind: false, force: false)).Failure);
        _custody.Functions.Release(4, Nic);
        Assert.False(_custody.Functions.Claim(4, Nic).IsGranted);
        _custody.Functions.Release(3, Nic);
        Assert.True(_custody.Functions.Claim(4, Nic).IsGranted);
    }

    [Fact]
    public void What_is_given_back_no_guest_can_have_until_it_is_taken_again()
    {
        _custody.GiveBack(Nic, rebind: true, force: false);
        _custody.GiveBack(Nic, rebind: true, force: false);

        Assert.False(_custody.Functions.Claim(3, Nic).IsGranted);
        Assert.Throws<BackendException>(() => _custody.MakeReady(Nic));
        _custody.Take(Nic, null, force: false);
        _custody.MakeReady(Nic);
        Assert.True(_custody.Functions.Claim(3, Nic).IsGranted);
    }

    [Fact]
    public void What_one_guest_wrote_the_next_does_not_find()
    {
        IPciFunction function = _custody.Functions.Claim(3, Nic).Function!;
        Assert.True(function.TryWrite(0x0C, 1, 0x55));
        Assert.True(function.TryRead(0x0C, 1, out uint written));
        _custody.Functions.Release(3, Nic);

        _custody.MakeReady(Nic);
        Assert.True(_custody.Functions.Claim(4, Nic).Function!.TryRead(0x0C, 1, out uint found));

        Assert.Equal(0x55u, written);
        Assert.NotEqual(0x55u, found);
    }

    private static IEnumerable<Func<IPciFunction>> Functions()
    {
        foreach (string name in BuiltinCaptures.Names)
        {
            Assert.True(BuiltinCaptures.TryLoad(name, out Capture? capture));
            foreach (CapturedConfig function in capture.Functions)
            {
                yield return () => new CapturedFunction(capture.Name, function);
            }
        }
    }
}
