using System.Globalization;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>
/// A slot that was asked for (<c>@VSLOT</c>): a request that is not met is no success. Who asks through xl's view gets what xl gives, another slot and a
/// warning in the log; who did not ask hears nothing.
/// </summary>
internal static class RequestedSlot
{
    /// <summary>Before anything is granted: who has the slot already.</summary>
    /// <exception cref="BackendException">Another card's function has it, or is to have it.</exception>
    public static void RefuseIfTaken(Attachment attachment)
    {
        if (attachment.Request.Spec.VirtualSlot is not { } slot)
        {
            return;
        }

        var guest = GuestId.Of(attachment.Life.DomainId);
        GuestDirectory directory = attachment.Services.Store.Run(store => new DirectoryReader(store, guest).ReadBackend(DeviceDetail.Wishes));
        foreach (HeldDevice device in attachment.Devices)
        {
            if (OthersIn(directory, slot, device.Address) is { } other)
            {
                throw Taken(attachment.Life, slot, other);
            }
        }
    }

    /// <summary>When the guest's backend has placed it: whether it came where it was asked for.</summary>
    /// <exception cref="BackendException">It is somewhere else: somebody was faster, or the guest sees the host's addresses.</exception>
    public static void RefuseIfElsewhere(GuestDirectory directory, DomainLife life, PciSpec spec, DeviceKeys keys)
    {
        if (spec.VirtualSlot is not { } slot || keys.Guest is not { } guest || guest is { Domain: 0, Bus: 0 } && guest.Slot == slot)
        {
            return;
        }

        throw OthersIn(directory, slot, keys.Host!.Value) is { } other
            ? Taken(life, slot, other)
            : new BackendException(
                BackendFailure.Failed,
                $"slot {Shown(slot)} of domain {life.DomainId} cannot be given: it would see {keys.Host} as {guest} "
                + "(with passthrough slots a guest sees the host's addresses)");
    }

    // Functions of one card may share a slot.
    private static PciAddress? OthersIn(GuestDirectory directory, byte slot, PciAddress device) => directory.Devices
        .Where(other => other.Host is { } host && host != device && !host.SharesSlotWith(device) && SlotOf(other) == slot)
        .Select(static other => other.Host)
        .FirstOrDefault();

    private static int? SlotOf(DeviceKeys keys) =>
        keys.Guest is { Domain: 0, Bus: 0 } placed ? placed.Slot : keys.Guest is null && keys.RequestedDevfn is { } devfn ? devfn >> 3 : null;

    private static BackendException Taken(DomainLife life, byte slot, PciAddress other) => new(
        BackendFailure.Failed, $"slot {Shown(slot)} of domain {life.DomainId} is taken: {other} has it; ask for another slot, or for none");

    private static string Shown(byte slot) => slot.ToString("x2", CultureInfo.InvariantCulture);
}
