using PciBackFlow.Backend.Devices.Description;
using PciBackFlow.Backend.Devices.Holding;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.State;

namespace PciBackFlow.Backend.Doctor;

/// <summary>What speaks against devices: the very refusals that taking and attaching one weigh (Devices/Refusals).</summary>
internal static class DeviceChecks
{
    /// <summary>The code of a device against which nothing speaks.</summary>
    public const string Assignable = "assignable";

    /// <summary>The code of a device that somebody has to take first.</summary>
    public const string NotHeld = "not-held";

    /// <summary>The code of a device whose registers cannot all be read.</summary>
    public const string Unread = "unread-registers";

    // Of the host as a whole; said once for all devices that nobody asked for.
    private static readonly string[] OfTheHost = ["no-iommu", "no-interrupt-remapping", "unknown-interrupt-remapping"];

    /// <summary>A device that somebody wants to give away, or that is held for guests.</summary>
    /// <param name="device">The device.</param>
    /// <param name="isAsked">Whether it is the one that was asked for. Of the others it is no hindrance that a guest has them.</param>
    public static IEnumerable<Finding> Of(DeviceReport device, bool isAsked)
    {
        foreach (RefusalReport refusal in device.Refusals)
        {
            yield return new(
                refusal.Code,
                !isAsked && refusal.Code == RefusalTable.Attached ? FindingSeverity.Information
                    : refusal.Stops() ? FindingSeverity.Refusal
                    : FindingSeverity.Warning,
                device.Address, refusal.Reason, EvidenceOf(refusal),
                refusal.Remedy ?? (refusal.Weight == "judgement" ? "Insist with --force if the host can do without" : null));
        }

        if (device.Incomplete is { } why)
        {
            yield return Finding.Unseen(Unread, $"{why}: what its other registers say against it is not known", "its config", "Read all of it, as root")
                with
            {
                Device = device.Address,
            };
        }

        if (!device.IsRefused)
        {
            yield return new(Assignable, FindingSeverity.Ok, device.Address, "nothing stops it", "all of the refusals");
        }

        if (!device.Held && device.Path is not null && !device.IsRefused)
        {
            yield return new(
                NotHeld, FindingSeverity.Information, device.Address, "it is the host's still: it has to be taken before a guest can have it",
                "its driver_override", $"pcibackflow pci-assignable-add {device.Address}, or seize=1 at the attach");
        }
    }

    /// <summary>A function of the host that nobody has asked for.</summary>
    public static Finding Briefly(DeviceReport device)
    {
        RefusalReport[] own = [.. device.Refusals.Where(static refusal => refusal.Stops() && !OfTheHost.Contains(refusal.Code))];
        return own.Length == 0
            ? new(Assignable, FindingSeverity.Ok, device.Address, "nothing of its own stops it", "all of the refusals")
            : new(
                own[0].Code, FindingSeverity.Information, device.Address, string.Join("; ", own.Select(static refusal => refusal.Reason)),
                EvidenceOf(own[0]));
    }

    /// <summary>Whether what is in the slots is what was taken.</summary>
    public static IEnumerable<Finding> Identities(Examination host)
    {
        if (host.Xen is null || !Directory.Exists(host.StateDirectory))
        {
            yield break;
        }

        IReadOnlyList<HeldRecord> records = new StateFile(host.StateDirectory).Read();
        string file = Path.Combine(host.StateDirectory, "devices.json");
        foreach (HeldRecord record in records.Where(static record => record.IsComplete))
        {
            string? absent = DeviceObstacles.AbsenceOf(host.Bus, record, address => records.Any(other => other.Address == address));
            yield return absent is null
                ? new("identity", FindingSeverity.Ok, record.Address.ToString(), $"it is the card that was taken: {record.Identity}", file)
                : new(
                    "identity", FindingSeverity.Refusal, record.Address.ToString(), absent, $"{file}: {record.Identity}",
                    "Put the card back that was taken, or give it back (pci-assignable-remove) and take what is there");
        }
    }

    private static string EvidenceOf(RefusalReport refusal) => refusal.Evidence ?? "its registers";
}
