using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Taking;
using PciBackFlow.Backend.Tests.Devices.FakeSysfs;
using PciBackFlow.Backend.Tests.Plans;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Devices.Taking;

/// <summary>
/// The program is killed before, in and after each step of the plans by which devices come and go; the next one finds the state file, the
/// host and Xen.
/// </summary>
public sealed class KilledTransferTests
{
    private const string Nic = "0000:03:00.0";

    // No step asks more of the kernel and of Xen.
    private const int MostEffects = 20;

    private static readonly PciAddress Address = PciAddress.Parse(Nic);

    public static TheoryData<string> TakeSteps => [.. TakePlan.Table.Steps.Select(static step => step.Name)];

    public static TheoryData<string> GiveBackSteps => [.. GiveBackPlan.Table.Steps.Select(static step => step.Name)];

    public static TheoryData<string> AbandonSteps => [.. AbandonPlan.Table.Steps.Select(static step => step.Name)];

    [Theory]
    [MemberData(nameof(TakeSteps))]
    public void Taking_killed_around_any_step_is_undone_or_held(string step) => EveryMoment("take", step, static (host, kill) =>
    {
        string before = host.Everything();
        Dying(host, kill, static custody => custody.Take(Address, "wan", force: false));
        Check(host, before);
    });

    [Theory]
    [MemberData(nameof(GiveBackSteps))]
    public void Giving_back_killed_around_any_step_can_be_done_again_or_is_done(string step) => EveryMoment("give back", step, static (host, kill) =>
    {
        string before = host.Everything();
        using (DeviceCustody custody = host.Open())
        {
            custody.Take(Address, "wan", force: false);
        }

        Dying(host, kill, static custody => custody.GiveBack(Address, rebind: true, force: false));
        Check(host, before);
    });

    [Theory]
    [MemberData(nameof(AbandonSteps))]
    public void Undoing_an_interrupted_take_killed_around_any_step_is_undone_by_the_next(string step) => EveryMoment(
        "undo an interrupted take", step, static (host, kill) =>
    {
        string before = host.Everything();
        Dying(host, new("take", "write it down", 0), static custody => custody.Take(Address, "wan", force: false));
        Dying(host, kill, static _ => { });
        Check(host, before);
    });

    private static void EveryMoment(string plan, string step, Action<FakeHost, StepKill> scenario)
    {
        // Before each effect: after one is before the next.
        for (int effect = 0; effect <= MostEffects; effect++)
        {
            using FakeHost host = new();
            host.AddPort("0000:00:1c.0");
            host.AddNic(Nic, "e1000e", "0000:00:1c.0");
            StepKill kill = new(plan, step, effect == 0 ? 0 : effect * 2 - 1);
            scenario(host, kill);
            Assert.True(kill.IsReached && kill.IsDead, $"{plan}: the scenario does not come to '{step}'");
            if (kill.WasAfter)
            {
                return;
            }
        }

        Assert.Fail($"{plan}: '{step}' has more effects than thought");
    }

    private static void Dying(FakeHost host, StepKill kill, Action<DeviceCustody> act)
    {
        host.Died = () =>
        {
            kill.Effect(static () => { });
            return false;
        };
        Record.Exception(() =>
        {
            using var custody = DeviceCustody.Open(host.Options() with { Observer = kill });
            act(custody);
        });
        host.Died = null;
    }

    private static void Check(FakeHost host, string before)
    {
        using DeviceCustody custody = host.Open();
        if (custody.Held().Count > 0)
        {
            Assert.Equal((Address, "wan"), (custody.Held()[0].Address, custody.Held()[0].Name));
            custody.GiveBack(Address, rebind: true, force: false);
        }
        else if (host[Nic].Driver is null)
        {
            // It is the host's again; only the last thing, its driver, is still to be asked for.
            host.Bus.Probe(Address);
        }

        Assert.Equal(before, host.Everything());
    }
}
