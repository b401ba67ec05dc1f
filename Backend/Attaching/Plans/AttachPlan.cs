using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Gives devices to a guest: all of them, or none and everything as before.</summary>
internal static class AttachPlan
{
    private static readonly Plan<(Attachment Attachment, HeldDevice Device)> GrantDevice = new("grant a device",
    [
        new("make it ready")
        {
            DoAsync = static (part, cancellationToken) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                part.Attachment.Services.Custody.MakeReady(part.Device.Address);
                return Task.CompletedTask;
            },
        },
        new("grant it")
        {
            Nested = new NestedPlan<(Attachment Attachment, HeldDevice Device), Granting>(GrantPlan.Table, forEach: null, static part =>
                [new(part.Attachment.Services, part.Attachment.Life, part.Device.Address, part.Attachment.Request.Spec.IsRelaxed)]),
        },
    ])
    {
        Expects = static _ => true,
    };

    /// <summary>What is granted before a failure is undone by the journal, all at once, as at a guest's end.</summary>
    public static Plan<Attachment> Table { get; } = new("attach",
    [
        new("check the guest")
        {
            DoAsync = static (attachment, cancellationToken) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                attachment.Life = DomainLife.Of(Preconditions.Suitable(attachment.Services, attachment.Request.DomainId));
                return Task.CompletedTask;
            },
        },
        new("find the devices") { Do = static attachment => attachment.Devices = Preconditions.DevicesFor(attachment.Services, attachment.Request.Spec) },
        new("reserve them") { Do = static attachment => attachment.Reserve() },
        new("refuse what another guest has") { Do = RefuseTaken },
        new("refuse a slot that another device has") { Do = RequestedSlot.RefuseIfTaken },
        new("refuse what shares a page with another guest's device")
        {
            // Nobody can insist on it: two guests would have each other's device.
            Do = static attachment =>
            {
                foreach (PciAddress device in attachment.Addresses)
                {
                    SharedFrames.RefuseIfAnothers(attachment.Services, attachment.Life, device);
                }
            },
        },
        new("refuse what a former guest may still reach") { Do = RefuseReachable },
        new("refuse what shares its line with others") { Do = RefuseSharedLine },
        new("drop other guests' wishes for them") { Do = DropWishes, Journal = "Kept: closed" },
        new("grant each")
        {
            Nested = new NestedPlan<Attachment, (Attachment Attachment, HeldDevice Device)>(
                GrantDevice, "device", static attachment => attachment.Devices.Select(device => (attachment, device))),
            UndoAsync = static attachment => Reclamation.CarryAsync(attachment.Services, attachment.Life, attachment.Addresses, forget: true),
            UndoneBy = "reclaim",
            IsUndoneWhenHalfDone = true,
        },
        new("announce their keys") { Do = Announce, Journal = "Kept (if wished), Nodes: intent" },
        new("write their keys") { DoAsync = DeviceOffer.WriteAsync, Patience = nameof(ToolstackTiming.Ready) },
        new("note that they are written") { Do = NoteWritten, Journal = "Nodes: result" },
        new("wait until the guest has taken them up")
        {
            When = static attachment => attachment.Request.Wait,
            Condition = "it was asked to wait",
            DoAsync = DeviceOffer.AwaitTakeUpAsync,
            Patience = $"{nameof(ToolstackTiming.TakeUp)}; {nameof(ToolstackTiming.FirstConnect)} of a guest that has never answered",
        },
        new("see that nobody removed one at once") { Do = CheckAttached },
    ])
    {
        Expects = static _ => true,
        Explain = Explain,
    };

    private static void RefuseTaken(Attachment attachment)
    {
        foreach (HeldDevice device in attachment.Devices)
        {
            Preconditions.RefuseIfTaken(attachment.Services, attachment.Life, device);
        }
    }

    // The same guest again is free: it reaches nothing that it is not about to get.
    private static void RefuseReachable(Attachment attachment)
    {
        ToolstackServices services = attachment.Services;
        int next = attachment.Life.DomainId;
        foreach (PciAddress device in attachment.Addresses)
        {
            int[] others = [.. new FormerGuests(services).LivingOf(device).Where(domain => domain != next)];
            if (FormerGuestRule.Weigh(services.Custody.Refusals, device, others, attachment.Request.Force) is { } warning)
            {
                ToolstackLog.GivenAllTheSame(services.Logger, next, device, warning);
            }
        }
    }

    private static void RefuseSharedLine(Attachment attachment)
    {
        ToolstackServices services = attachment.Services;
        LineGuests guests = new(services);
        int next = attachment.Life.DomainId;
        foreach (PciAddress device in attachment.Addresses)
        {
            string[] others = [.. services.Custody.HostUsersOfLine(device), .. guests.OthersOn(device, next, attachment.OnTheWay)];
            if (SharedLineRule.Weigh(services.Custody.Refusals, device, others, attachment.Request.Force) is { } warning)
            {
                ToolstackLog.GivenAllTheSame(services.Logger, next, device, warning);
            }
        }
    }

    // Who wants a device now is the one it comes back to.
    private static void DropWishes(Attachment attachment)
    {
        GrantJournal journal = attachment.Services.Journal;
        foreach (JournalEntry wish in attachment.Addresses.SelectMany(journal.WishesFor))
        {
            if (wish.Life != attachment.Life && !(wish.Life.IsSameGuestAs(attachment.Life) && attachment.Request.Keep))
            {
                journal.Close(wish);
            }
        }
    }

    private static void Announce(Attachment attachment)
    {
        GrantJournal journal = attachment.Services.Journal;
        foreach (HeldDevice device in attachment.Devices)
        {
            if (attachment.Request.Keep)
            {
                journal.Complete(journal.Begin(attachment.Life, device.Address, GrantOwner.Us, new(
                    GrantKind.Kept, attachment.Request.Force ? 1u : 0u, Text: attachment.Request.Spec.ToString())));
            }

            attachment.Keys.Add(journal.Begin(attachment.Life, device.Address, GrantOwner.Us, new(GrantKind.Nodes)));
        }
    }

    private static void NoteWritten(Attachment attachment)
    {
        foreach (JournalEntry keys in attachment.Keys)
        {
            attachment.Services.Journal.Complete(keys);
        }

        foreach (HeldDevice device in attachment.Devices)
        {
            ToolstackLog.Offered(attachment.Services.Logger, attachment.Life.DomainId, device.Address);
        }
    }

    // All or none.
    private static void CheckAttached(Attachment attachment)
    {
        attachment.Attached =
        [
            .. AttachedDevices.Of(attachment.Services, attachment.Life).Where(device => attachment.Addresses.Contains(device.Host)),
        ];
        if (attachment.Attached.Count == attachment.Devices.Count)
        {
            return;
        }

        throw new BackendException(
            BackendFailure.Failed,
            $"domain {attachment.Life.DomainId}: {string.Join(", ", attachment.Addresses.Except(attachment.Attached.Select(static device => device.Host)))} "
            + "was removed at once by somebody else");
    }

    private static Exception Explain(Attachment attachment, StepFailure failure)
    {
        bool isWorlds = failure.Exception is HypervisorException or IOException && attachment.Devices.Count > 0;
        if (!isWorlds && failure.NotUndone.Count == 0)
        {
            return failure.Exception;
        }

        BackendFailure kind = failure.Exception is BackendException known ? known.Failure : BackendFailure.Failed;
        string message = isWorlds ? $"{string.Join(", ", attachment.Addresses)}: {failure.Exception.Message}" : failure.Exception.Message;
        string rest = failure.NotUndone.Count == 0
            ? string.Empty
            : $". Undoing it failed too: {string.Join("; ", failure.NotUndone.Select(static left => left.Exception.Message))}";
        return new BackendException(kind, message + rest, failure.Exception);
    }
}
