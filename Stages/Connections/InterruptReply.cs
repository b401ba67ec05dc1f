using PciBackFlow.Hardware.Linux;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Connections;

/// <summary>
/// Answer to an interrupt operation. <paramref name="Status"/> is always a protocol code, never an errno (Linux puts raw errnos into
/// <c>op.err</c> for MSI-X; frontends understand the protocol's codes alike); the errno may go to <paramref name="Value"/>.
/// </summary>
/// <param name="Status">To <c>op.err</c>.</param>
/// <param name="Value">To <c>op.value</c>: enable MSI: the pirq, 0 on failure; enable MSI-X: 0, or a negative errno on failure; disable: pirq of the line
/// interrupt or 0.</param>
/// <param name="Info">To <c>op.info</c>, multi-MSI only: vectors enabled, on failure how many would work.</param>
/// <param name="Ticket">The implementation's number of what was granted; given back if the guest never learns of it. 0: nothing to undo.</param>
public readonly record struct InterruptReply(PciOpStatus Status, uint Value, uint Info = 0, long Ticket = 0)
{
    /// <summary>A failure with its reason in the value, negative as Linux has it.</summary>
    /// <param name="errno">The reason.</param>
    /// <returns>The reply.</returns>
    public static InterruptReply Failed(Errno errno) => new(PciOpStatus.OperationFailed, unchecked((uint)-(int)errno));
}
