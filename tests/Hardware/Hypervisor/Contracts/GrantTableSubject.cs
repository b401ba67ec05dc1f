using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>A grant table to check.</summary>
/// <param name="Open">Opens the mapping side.</param>
/// <param name="GranterId">The domain that grants.</param>
/// <param name="Grant">Grants a zeroed page to the mapping side; true for read-only.</param>
public sealed record GrantTableSubject(Func<IGrantTable> Open, int GranterId, Func<bool, SharedTestPage> Grant);
