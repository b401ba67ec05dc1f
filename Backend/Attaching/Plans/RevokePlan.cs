using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>
/// Revokes what a guest was granted, when the keys are gone or the guest has let go. What fails is noted, and the rest goes on: it stays in
/// the journal. Meanwhile the host
/// can't have the devices.
/// </summary>
internal static class RevokePlan
{
    private static readonly Plan<(Reclamation Reclamation, PciAddress Device)> RevokeDevice = new("revoke a device",
    [
        new("stop it")
        {
            Do = static part => InheritedDevices.Stop(part.Reclamation.Services, part.Reclamation.Life, part.Device),
        },
        new("unmap messages that an earlier daemon mapped")
        {
            Do = static part => Note(part, InheritedMessages.RevokeAll(part.Reclamation.Services, part.Reclamation.Life, part.Device)),
            Journal = "Messages: closed",
        },
        new("revoke its grants, the last first")
        {
            Do = static part => Note(part, Revocations.RevokeAll(part.Reclamation.Services, part.Reclamation.Life, part.Device)),
            Journal = "Reached, for memory of a guest that lives; each grant: closed",
        },
    ]);

    public static Plan<Reclamation> Table { get; } = new("revoke",
    [
        new("keep the host from getting them") { Do = static reclamation => reclamation.Pin(), IsPointOfNoReturn = true },
        new("wait until the backend has released them")
        {
            DoAsync = static (reclamation, _) => ReleaseWait.UntilReleasedAsync(reclamation),
            Patience = $"{nameof(ToolstackTiming.Reset)}; then the IOMMU holds what goes on being reset",
        },
        new("revoke each")
        {
            Nested = new NestedPlan<Reclamation, (Reclamation Reclamation, PciAddress Device)>(
                RevokeDevice, "device", static reclamation => reclamation.Devices.Select(device => (reclamation, device))),
        },
    ]);

    private static void Note((Reclamation Reclamation, PciAddress Device) part, IReadOnlyList<string> failures) =>
        part.Reclamation.Failures.AddRange(failures.Select(failure => $"{part.Device}: {failure}"));
}
