using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Hardware.Contracts;

/// <summary>A xenstore to check, as domain 0 sees it.</summary>
/// <param name="Open">Opens a connection.</param>
/// <param name="Scratch">An absolute path that exists, is empty and belongs to the check.</param>
/// <param name="DomainId">The connection's domain.</param>
/// <param name="OtherDomainId">A domain that may stand in permissions; it need not exist.</param>
/// <param name="TakesRelativePaths">Whether relative paths are resolved, not refused.</param>
/// <param name="Rounds">How often a check repeats what has to hold at every moment; 1000 and more in memory.</param>
public sealed record XenStoreSubject(
    Func<IXenStore> Open, string Scratch, int DomainId, int OtherDomainId, bool TakesRelativePaths, int Rounds);
