using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>One range of a device that is being granted.</summary>
/// <param name="Device">The device.</param>
/// <param name="Range">Where the host placed it.</param>
/// <param name="IsPorts">Whether it is I/O ports; false: memory.</param>
internal sealed record RangeGranting(Granting Device, BaseAddress Range, bool IsPorts)
{
    /// <summary>Who allows it.</summary>
    public IDomainControl Domains => Device.Services.Domains;

    /// <summary>To which guest.</summary>
    public int DomainId => Device.Life.DomainId;

    /// <summary>The same in the hypercall's numbers.</summary>
    public Grant Grant => IsPorts ? new(GrantKind.Ports, Range.Start, Range.Length) : Grant.MemoryOf(Range.Start, Range.Length);
}
