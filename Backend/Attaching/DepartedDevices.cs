using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>Which of a guest's devices it no longer has although nobody asked this daemon.</summary>
internal static class DepartedDevices
{
    /// <summary>
    /// All of them when the domain is gone, dying or somebody else, or was taken offline and has closed; those that are not revoked yet when its kernel has ended;
    /// else those whose keys xl removed.
    /// Devices that are just being attached are not meant: their keys are an intent.
    /// </summary>
    public static PciAddress[] Of(ToolstackServices services, DomainLife life)
    {
        JournalEntry[] entries = [.. services.Journal.AttachmentsOf(life).Where(static entry => entry.Owner == GrantOwner.Us)];
        if (entries.Length == 0)
        {
            return [];
        }

        LifeStage stage = services.Domains.StageOf(life);
        if (stage is not (LifeStage.Alive or LifeStage.Halted))
        {
            return [.. entries.Select(static entry => entry.Device).Distinct()];
        }

        bool hasEnded = stage == LifeStage.Halted;

        GuestDirectory directory = DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId));
        bool isOffline = directory is { HasDeviceCount: true, IsOnline: false } && (directory.Backend == XenbusState.Closed || directory.HasFrontendClosed);
        return
        [
            .. entries.Where(entry => (hasEnded && entry.Grant.Kind != GrantKind.Nodes)
                    || (entry is { Grant.Kind: GrantKind.Nodes, IsDone: true } && (isOffline || directory.Find(entry.Device) is null)))
                .Select(static entry => entry.Device).Distinct(),
        ];
    }
}
