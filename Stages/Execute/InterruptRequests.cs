using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Execute;

/// <summary>
/// Carries out an interrupt request: checks what memory safety and the table's meaning depend on, then asks
/// the guest's interrupt operations.
/// </summary>
internal static class InterruptRequests
{
    /// <summary>Runs the request on a worker and decides its answer.</summary>
    internal static void Run(GuestOperation item, AssignedFunction function, IInterruptOperations interrupts)
    {
        item.Reply = item.Request.Command switch
        {
            PciOpCode.EnableMsi => interrupts.EnableMsi(function),
            PciOpCode.DisableMsi => interrupts.DisableMsi(function),
            PciOpCode.EnableMsix => EnableMsix(item, function, interrupts),
            PciOpCode.DisableMsix => interrupts.DisableMsix(function),
            _ => EnableMultiMsi(item, function, interrupts),
        };
        item.Info = item.Reply.Info;
        item.Decide(item.Reply.Status, item.Reply.Value);
        if (item.Reply.Status == PciOpStatus.Success && item.Request.Command == PciOpCode.EnableMsix)
        {
            item.VectorCount = (int)item.Request.Value;
        }
    }

    private static InterruptReply EnableMsix(GuestOperation item, AssignedFunction function, IInterruptOperations interrupts)
    {
        // The copied count, checked once and used from here on (XSA-155, XSA-157).
        uint count = item.Request.Value;
        if (count is 0 or > SharedInfoLayout.MaxVectors)
        {
            return InterruptReply.Failed(Errno.EINVAL);
        }

        Span<MsixEntry> entries = ((Span<MsixEntry>)item.Entries)[..(int)count];
        return HasDuplicate(entries)
            ? InterruptReply.Failed(Errno.EINVAL)
            : interrupts.EnableMsix(function, entries);
    }

    private static InterruptReply EnableMultiMsi(GuestOperation item, AssignedFunction function, IInterruptOperations interrupts) =>
        item.Request.Info == 0
            ? new InterruptReply(PciOpStatus.OperationFailed, 0)
            : interrupts.EnableMultiMsi(function, item.Request.Info);

    // At most 128 entries, off the shard: comparing all pairs is less than a table of 65,536 bits.
    private static bool HasDuplicate(ReadOnlySpan<MsixEntry> entries)
    {
        for (int i = 1; i < entries.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (entries[i].Entry == entries[j].Entry)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
