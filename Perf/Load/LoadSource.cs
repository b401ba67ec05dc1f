using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Perf.Load;

/// <summary>Where the simulated guests' functions come from.</summary>
/// <param name="Name">For reports: <c>cap-vpd.lspci</c>, <c>this host</c>, <c>builtin virtio-net</c>.</param>
/// <param name="IsLive">
/// Whether real hardware stands behind the functions: registers may change by themselves, and what a guest writes does not reach them.
/// </param>
/// <param name="Functions">
/// One opener for each function; each call gives an instance of its own, so that guests who got the same function don't share its registers.
/// Guest n gets function n modulo their number.
/// </param>
public sealed record LoadSource(string Name, bool IsLive, IReadOnlyList<Func<IPciFunction>> Functions);
