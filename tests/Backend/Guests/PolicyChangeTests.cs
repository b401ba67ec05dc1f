using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Tests.Serving;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Backend.Tests.Guests;

/// <summary>Policies change while a guest is getting a device: whichever of the two comes first, the new ones hold for it.</summary>
public sealed class PolicyChangeTests : IDisposable
{
    // Written when the guest gets the function, behind the compiling of its permissions.
    private const int PowerControl = 0x44;
    private static readonly PciAddress s_held = new(0, 0x20, 0, 0);
    private static readonly PciAddress s_beside = new(0, 0x21, 0, 0);

    private readonly GatedFunction _gated = new(Device(s_held));
    private readonly ExclusiveFunctions _functions;
    private readonly Bench _bench;

    public PolicyChangeTests()
    {
        _functions = new([_gated, Device(s_beside)]);
        _bench = new(options: standard => standard with { FunctionSource = _functions, Policies = Of(PolicyProfile.Permissive) });
    }

    public void Dispose()
    {
        _gated.LetGo();
        _bench.Dispose();
        _functions.Dispose();
    }

    [Fact]
    public async Task A_function_that_is_just_being_placed_gets_the_new_policy_and_is_named_as_changed()
    {
        HoldInsidePlace(s_held);

        Task<(IReadOnlyList<PciAddress> Changed, IReadOnlyList<PciAddress> Waiting)> change =
            _bench.Backend.ChangePoliciesAsync(Of(PolicyProfile.Strict), TimeSpan.FromSeconds(60));
        Assert.False(change.IsCompleted);
        _gated.LetGo();
        (IReadOnlyList<PciAddress> changed, IReadOnlyList<PciAddress> waiting) = await change;

        Assert.Equal([s_held], changed);
        Assert.Empty(waiting);
        Assert.Equal(PolicyProfile.Strict, ProfileOf(s_held));
    }

    [Fact]
    public async Task One_that_is_not_placed_in_time_waits_with_what_its_guest_has_and_gets_the_policy_all_the_same()
    {
        HoldInsidePlace(s_beside, s_held);

        (IReadOnlyList<PciAddress> changed, IReadOnlyList<PciAddress> waiting) =
            await _bench.Backend.ChangePoliciesAsync(Of(PolicyProfile.Strict), TimeSpan.FromMilliseconds(50));
        _gated.LetGo();

        Assert.Empty(changed);
        Assert.Equal([s_held, s_beside], waiting);
        Bench.Eventually(() => ProfileOf(s_held) == PolicyProfile.Strict && ProfileOf(s_beside) == PolicyProfile.Strict, "both are strict");
    }

    [Fact]
    public async Task What_is_given_later_has_the_new_policy_from_its_beginning_and_is_not_named()
    {
        (IReadOnlyList<PciAddress> changed, IReadOnlyList<PciAddress> waiting) =
            await _bench.Backend.ChangePoliciesAsync(Of(PolicyProfile.Strict), TimeSpan.FromSeconds(60));
        _bench.Create(7, s_beside);
        _bench.AwaitState(7, 3);
        (IReadOnlyList<PciAddress> again, _) = await _bench.Backend.ChangePoliciesAsync(Of(PolicyProfile.Strict), TimeSpan.FromSeconds(60));

        Assert.Equal(PolicyProfile.Strict, ProfileOf(s_beside));
        Assert.Empty(changed);
        Assert.Empty(waiting);
        Assert.Empty(again);
    }

    private static PolicySources Of(PolicyProfile profile) => new() { General = PolicyStatement.Of(profile, SettingOrigin.BuiltIn) };

    private void HoldInsidePlace(params PciAddress[] devices)
    {
        _gated.HoldNextWrite(PowerControl);
        _bench.Create(7, devices);
        Bench.Eventually(() => _gated.Held == 1, "the pass is inside the placing");
    }

    private PolicyProfile? ProfileOf(PciAddress host) =>
        _bench.Snapshot(7)?.Functions.FirstOrDefault(function => function.Host == host)?.Policy.Profile.Value;

    // With power management, whose wake-up event the host left on.
    private static EmulatedFunction Device(PciAddress address)
    {
        byte[] bytes = new byte[256];
        BitConverter.TryWriteBytes(bytes.AsSpan(0), 0x12348086u);
        bytes[0x06] = 0x10;
        bytes[0x0B] = 2;
        bytes[0x34] = 0x40;
        new byte[] { 0x01, 0x00, 0x03, 0xF8, 0x08, 0x01 }.CopyTo(bytes, 0x40);
        return new(address, $"test {address}", bytes);
    }
}
