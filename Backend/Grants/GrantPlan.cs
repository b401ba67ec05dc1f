using PciBackFlow.Backend.Plans;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Filter.Insight;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// What a guest gets of a device beside its configuration space: the IOMMU context, the line interrupt, ports, and memory last. Each step is in the
/// journal before and after; what is revoked is what the journal says, to the number (XSA-476). One guest's calls come in order.
/// </summary>
internal static class GrantPlan
{
    private static readonly Plan<RangeGranting> Range = new("grant a range",
    [
        new("I/O ports")
        {
            When = static range => range.IsPorts,
            Condition = "it is ports",
            Title = static range => $"I/O ports at 0x{range.Range.Start:x}",
            Note = OfRange(GrantKind.Ports),
            Do = static range => range.Domains.AllowPorts(range.DomainId, (uint)range.Grant.First, (uint)range.Grant.Count, allow: true),
            UndoneBy = Revocations.ByReclaim(GrantKind.Ports),
        },
        new("memory")
        {
            When = static range => !range.IsPorts,
            Condition = "it is memory",
            Title = static range => $"memory at 0x{range.Range.Start:x}",
            Note = OfRange(GrantKind.Memory),
            Do = static range => range.Domains.AllowMemory(range.DomainId, range.Grant.First, range.Grant.Count, allow: true),
            UndoneBy = Revocations.ByReclaim(GrantKind.Memory),
        },
    ])
    {
        Explain = static (range, failure) => GrantFailures.Explain(range.Device, failure),
    };

    /// <summary>A failure leaves what was granted before it: <see cref="Revocations"/> undo that, by the journal.</summary>
    public static Plan<Granting> Table { get; } = new("grant",
    [
        new("xl's note of its owner")
        {
            Note = Of(GrantKind.OwnerNote, static _ => new(GrantKind.OwnerNote)),
            Do = static device => OwnerNote.Write(device.Services.Store, device.Device, device.Life.DomainId),
            UndoneBy = Revocations.ByReclaim(GrantKind.OwnerNote),
        },

        // First: it is the step that fails, for a guest without passthrough or a device that another guest has. Until it has succeeded a running guest must
        // not be able to map anything, because what it maps it keeps.
        new("assignment to the guest's IOMMU context")
        {
            Note = Of(GrantKind.Assignment, static device => new(GrantKind.Assignment, device.IsRelaxed ? 1u : 0u)),
            Do = static device => device.Services.Domains.Assign(device.Life.DomainId, device.Device, device.IsRelaxed),
            UndoneBy = Revocations.ByReclaim(GrantKind.Assignment),
        },
        new("line interrupt")
        {
            When = static device => device.Line != 0,
            Condition = "it has one",
            Title = static device => $"line interrupt {device.Line}",
            Note = Of(GrantKind.Pirq, static device => new(GrantKind.Pirq, 0, (ulong)device.Line)),
            Do = MapLine,
            UndoneBy = Revocations.ByReclaim(GrantKind.Pirq),
        },
        new("permission for its pirq")
        {
            When = static device => device.Line != 0,
            Condition = "it has a line",
            Title = static device => $"permission for pirq {device.Pirq}",
            Note = Of(GrantKind.InterruptPermission, static device => new(GrantKind.InterruptPermission, device.Pirq, (ulong)device.Line)),
            Do = static device => device.Services.Domains.AllowInterrupt(device.Life.DomainId, (int)device.Pirq, allow: true),
            UndoneBy = Revocations.ByReclaim(GrantKind.InterruptPermission),
        },
        new("its ports and memory")
        {
            Nested = new NestedPlan<Granting, RangeGranting>(Range, "range that the host placed", static device => device.Ranges()),
        },
    ])
    {
        Explain = GrantFailures.Explain,
    };

    private static GrantNote<Granting> Of(GrantKind kind, Func<Granting, Grant> intended) => new(kind, static device => device, intended);

    private static GrantNote<RangeGranting> OfRange(GrantKind kind) => new(kind, static range => range.Device, static range => range.Grant);

    private static void MapLine(Granting device)
    {
        device.Pirq = (ulong)device.Services.Physdev.MapLine(device.Life.DomainId, device.Line);
        device.Given = new(GrantKind.Pirq, device.Pirq, (ulong)device.Line);
    }
}
