using PciBackFlow.Filter.Run;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Connections;

/// <summary>
/// What the execute stage needs to enable and disable a function's interrupts. Called by workers: a call may block. Two calls for
/// one function can overlap when the first missed its deadline: the implementation orders them. Nothing here throws.
/// </summary>
public interface IInterruptOperations
{
    /// <summary>Enables one MSI vector.</summary>
    /// <param name="function">The function.</param>
    /// <returns>Value: the guest's pirq, above 0. Fails with value 0 when MSI or MSI-X is enabled already or the host refuses (XSA-157).</returns>
    InterruptReply EnableMsi(AssignedFunction function);

    /// <summary>Disables MSI; does nothing when it isn't enabled.</summary>
    /// <param name="function">The function.</param>
    /// <returns>Success. Value: pirq of the line interrupt, or 0.</returns>
    InterruptReply DisableMsi(AssignedFunction function);

    /// <summary>Enables MSI-X with exactly these entries, or none of them.</summary>
    /// <param name="function">The function.</param>
    /// <param name="entries">
    /// 1 to 128 entries with different table indexes, in private memory. On success every <see cref="MsixEntry.Vector"/> was replaced by a pirq.
    /// </param>
    /// <returns>
    /// Value 0; on failure a negative errno: −114 MSI-X is enabled already, −6 MSI is enabled or memory decoding is off, −22 an index outside the
    /// function's table (XSA-164) or no capability, −28 not enough vectors.
    /// </returns>
    InterruptReply EnableMsix(AssignedFunction function, Span<MsixEntry> entries);

    /// <summary>Disables MSI-X; does nothing when it isn't enabled.</summary>
    /// <param name="function">The function.</param>
    /// <returns>Success. Value: pirq of the line interrupt, or 0.</returns>
    InterruptReply DisableMsix(AssignedFunction function);

    /// <summary>Enables several consecutive MSI vectors.</summary>
    /// <param name="function">The function.</param>
    /// <param name="count">How many: 1 to any 32 bits.</param>
    /// <returns>Value: the first pirq. Info: <paramref name="count"/>; on failure how many would work.</returns>
    InterruptReply EnableMultiMsi(AssignedFunction function, uint count);

    /// <summary>
    /// The guest never got this answer, so what it granted is to be taken back. Called by a worker or a shard: must not block; the
    /// implementation does the work elsewhere.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <param name="ticket">The reply's ticket, so that a later grant of the same kind isn't taken for it.</param>
    void Abandon(AssignedFunction function, long ticket);
}
