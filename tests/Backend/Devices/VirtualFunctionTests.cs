using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Backend.Tests.Devices;

/// <summary>SR-IOV: a virtual function lives by its physical one.</summary>
public sealed class VirtualFunctionTests : IDisposable
{
    private const string Physical = "0000:03:00.0";
    private const string Virtual = "0000:03:00.1";

    private static readonly PciAddress PhysicalAddress = PciAddress.Parse(Physical);
    private static readonly PciAddress VirtualAddress = PciAddress.Parse(Virtual);

    private readonly FakeHost _host = new();
    private readonly int _sriov;

    public VirtualFunctionTests()
    {
        BuiltinCaptures.TryLoad("nvme-sriov", out Capture? capture);
        byte[] config = capture!.Functions[0].Bytes.ToArray();
        CapabilityWalk.Read(new ConfigImage(config)).TryFind(ExtendedCapabilityId.SrIov, out PciCapability capability);
        _sriov = capability.Offset;
        _host.AddPort("0000:00:1c.0");
        FakeDevice physical = _host.Add(Physical, config, "nvme", "0000:00:1c.0");
        physical.Set(_sriov + 8, 0x0009).Set(4, 0x0106);
        physical.With("reset_method", "flr").With("reset", string.Empty).ResetMethods = ["flr"];

        // Ids and BARs of a virtual function read as ones and zeros: only the files tell (SR-IOV 1.1 §3.4.1).
        byte[] child = (byte[])config.Clone();
        child.AsSpan(0, 4).Fill(0xFF);
        child.AsSpan(4, 2).Clear();
        child.AsSpan(0x10, 24).Clear();
        child.AsSpan(_sriov, 0x40).Clear();
        FakeDevice made = _host.Add(Virtual, child, driver: null, "0000:00:1c.0");
        made.With("vendor", "0x1b36").With("device", "0x0010").With("reset_method", "flr").With("reset", string.Empty).ResetMethods = ["flr"];
        made.Decode = 0;
        _host.MakeVirtual(Virtual, Physical, 0);
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_virtual_functions_ids_come_from_its_files()
    {
        using DeviceCustody custody = _host.Open();

        HeldDevice held = custody.Take(VirtualAddress, null, force: false);

        Assert.Equal((0x1B36, 0x0010), (held.VendorId, held.DeviceId));
        IPciFunction function = custody.Functions.Claim(5, VirtualAddress).Function!;
        Assert.True(function.IsVirtualFunction);
        Assert.Equal(0x1B36, function.VendorId);
        Assert.True(function.TryReset());
    }

    [Fact]
    public void Its_physical_functions_driver_in_the_same_slot_is_no_stranger()
    {
        using DeviceCustody custody = _host.Open();

        Assert.Empty(custody.Take(VirtualAddress, null, force: false).Warnings);
    }

    [Theory]
    [InlineData(0x0104, 0x0009, "does not decode memory")]
    [InlineData(0x0106, 0x0001, "switched off")]
    public void A_virtual_function_needs_its_physical_functions_memory(ushort command, ushort control, string reason)
    {
        using DeviceCustody custody = _host.Open();
        custody.Take(VirtualAddress, null, force: false);
        _host[Physical].Set(4, command).Set(_sriov + 8, control);

        Assert.Contains(reason, Assert.Throws<BackendException>(() => custody.MakeReady(VirtualAddress)).Message, StringComparison.Ordinal);
        Assert.Contains(reason, custody.Functions.Claim(5, VirtualAddress).Refusal?.Reason, StringComparison.Ordinal);
        custody.GiveBack(VirtualAddress, rebind: false, force: false);
        Assert.Contains(reason, Assert.Throws<BackendException>(() => custody.Take(VirtualAddress, null, force: true)).Message, StringComparison.Ordinal);
    }

    /// <summary>A guest waits for it after a restart, and each of its devices would be as slow as the host has others.</summary>
    [Fact]
    public async Task Whether_a_virtual_function_can_be_given_away_is_asked_of_no_other_function_of_the_host()
    {
        using DeviceCustody custody = _host.Open();
        custody.Take(VirtualAddress, null, force: false);
        custody.MakeReady(VirtualAddress);
        using HungFile stranger = new(_host.AddNic("0000:04:00.0").Path("config"));

        FunctionClaim claim = await Task.Run(() => custody.Functions.Claim(5, VirtualAddress), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.True(claim.IsGranted);
    }

    [Theory]
    [InlineData(0x0106, true)]
    [InlineData(0x0104, false)]
    public void A_guest_with_a_virtual_function_is_told_the_physical_functions_memory_decoding(ushort command, bool isDecoding)
    {
        using DeviceCustody custody = _host.Open();
        custody.Take(VirtualAddress, null, force: false);
        custody.MakeReady(VirtualAddress);
        IPciFunction function = custody.Functions.Claim(5, VirtualAddress).Function!;

        _host[Physical].Set(4, command);

        Assert.Equal(isDecoding, function.PhysicalFunctionDecodesMemory());
    }

    [Fact]
    public void A_physical_function_whose_virtual_ones_are_held_is_not_taken()
    {
        using DeviceCustody custody = _host.Open();
        custody.Take(VirtualAddress, null, force: false);

        BackendException failure = Assert.Throws<BackendException>(() => custody.Take(PhysicalAddress, null, force: true));

        Assert.Equal(BackendFailure.Failed, failure.Failure);
        Assert.Contains($"its virtual function {Virtual} is held", failure.Message, StringComparison.Ordinal);
        Assert.Equal("nvme", _host[Physical].Driver);
    }

    [Fact]
    public void A_physical_function_with_virtual_ones_is_taken_only_if_a_person_insists_and_given_back_after_them()
    {
        using DeviceCustody custody = _host.Open();
        Assert.Equal(BackendFailure.Refused, Assert.Throws<BackendException>(() => custody.Take(PhysicalAddress, null, force: false)).Failure);
        custody.Take(PhysicalAddress, null, force: true);

        Assert.Contains(
            "its physical function", Assert.Throws<BackendException>(() => custody.Take(VirtualAddress, null, force: false)).Message,
            StringComparison.Ordinal);
        _host[Physical].Set(4, 0x0006);
        custody.Take(VirtualAddress, null, force: true);

        BackendException needed = Assert.Throws<BackendException>(() => custody.GiveBack(PhysicalAddress, rebind: true, force: false));
        Assert.Contains(Virtual, needed.Message, StringComparison.Ordinal);
        custody.GiveBack(VirtualAddress, rebind: false, force: false);
        custody.GiveBack(PhysicalAddress, rebind: true, force: false);
        Assert.Equal("nvme", _host[Physical].Driver);
    }
}
