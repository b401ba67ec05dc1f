using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>
/// A kept device's guest is back with a new domid after a reboot: it stands still until it has the device. One device that it can't have
/// does not keep the others.
/// </summary>
internal static class ReturnPlan
{
    private static readonly Plan<(GuestReturn Return, JournalEntry Wish)> GrantWish = new("attach a kept device again",
    [
        // Its former life must have let go of it first.
        new("settle its former life") { DoAsync = static (part, _) => part.Return.Guests.SettleAsync(part.Wish.Life) },
        new("attach it")
        {
            DoAsync = static (part, _) => part.Return.Guests.AttachAsync(
                new(part.Return.Life.DomainId, SpecOf(part.Wish), Wait: false, Keep: true, Force: part.Wish.Grant.First == 1), CancellationToken.None),
        },
        new("close the wish of the former life")
        {
            Do = static part =>
            {
                part.Return.Services.Journal.Close(part.Wish);
                ToolstackLog.AttachedAgain(part.Return.Services.Logger, part.Return.Life.DomainId, part.Wish.Device);
            },
            Journal = "Kept: closed",
        },
    ])
    {
        Expects = static e => StepFailure.IsExpected(e) || e is FormatException,
    };

    public static Plan<GuestReturn> Table { get; } = new("return after a reboot",
    [
        new("pause the guest")
        {
            Do = static guest => guest.Pause(),
            Journal = "Pause: intent and result",
            Undo = static guest => guest.Unpause(),
            UndoneBy = "unpaused",
        },
        new("give it what is kept for it")
        {
            Nested = new NestedPlan<GuestReturn, (GuestReturn Return, JournalEntry Wish)>(
                GrantWish, "wish", static guest => guest.Wishes.Select(wish => (guest, wish)))
            {
                Survives = Survives,
            },
        },
        new("let the guest go") { Do = static guest => guest.Unpause(), Journal = "Pause: closed", IsPointOfNoReturn = true },
    ])
    {
        Expects = static _ => true,
    };

    // One wish is one function, also of a slot that was attached as a whole.
    private static PciSpec SpecOf(JournalEntry wish)
    {
        var spec = PciSpec.Parse(wish.Grant.Text ?? wish.Device.ToString());
        return spec.IsAllFunctions ? spec with { Device = DeviceSelector.Of(wish.Device), IsAllFunctions = false } : spec;
    }

    private static bool Survives((GuestReturn Return, JournalEntry Wish) part, Exception failure)
    {
        if (failure is not (BackendException or HypervisorException or IOException or FormatException))
        {
            return false;
        }

        // A daemon that was killed just after the attach left the wish.
        ToolstackServices services = part.Return.Services;
        if (services.Journal.OfferedTo(part.Return.Life).Contains(part.Wish.Device))
        {
            services.Journal.Close(part.Wish);
        }
        else
        {
            ToolstackLog.NotAttachedAgain(services.Logger, part.Return.Life.DomainId, part.Wish.Grant.Text ?? string.Empty, failure);
        }

        return true;
    }
}
