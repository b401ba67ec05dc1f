using System.Numerics;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Filter.Map;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>This part: messages that an earlier daemon enabled.</summary>
internal sealed partial class MessageSetup
{
    /// <summary>
    /// What an earlier daemon enabled and the guest was told of: of consecutive MSI messages all that were mapped, which may be more than the guest asked for.
    /// Where the function does not send them any more a reset has wiped it, and they are enabled again: at once where it decodes memory, and otherwise when
    /// its registers have been written back (<see cref="PutBack"/>).
    /// </summary>
    /// <param name="entry">What was mapped.</param>
    /// <param name="refusal">Null, or why they could not be enabled again.</param>
    /// <returns>What the guest has; its ticket is still to be given. Null when neither the journal nor hardware says what it is.</returns>
    public MessageGrant? Continue(JournalEntry entry, out InterruptRefusal? refusal)
    {
        refusal = null;
        int[] mapped = [.. entry.Grant.Pirqs()];
        using var turn = FunctionLock.Take(function);
        MessageGrant? grant = mapped.Length == 0 ? null : AsNoted(entry, mapped) ?? (turn.IsTaken ? AsSent(entry, mapped) : null);
        if (grant is null)
        {
            return null;
        }

        journal!.Continue(entry);
        if (turn.IsTaken && IsToBeEnabled(grant.Mode == InterruptMode.Msi))
        {
            refusal = PutBack(grant);
        }

        return grant;
    }

    private static MessageGrant? AsNoted(JournalEntry entry, int[] mapped) => (CapabilityId)entry.Grant.First switch
    {
        CapabilityId.MsiX => new(InterruptMode.MsiX, mapped, mapped, MultipleMessage: 0, Ticket: 0, entry),
        CapabilityId.Msi when entry.Grant.Count is > 0 and <= MostMsi => AsMsi(entry, mapped, BitOperations.Log2((uint)entry.Grant.Count)),
        _ => null,
    };

    private static MessageGrant AsMsi(JournalEntry entry, int[] mapped, int log2) =>
        new(InterruptMode.Msi, [.. Enumerable.Range(mapped[0], 1 << log2)], mapped, log2, Ticket: 0, entry);

    // A program that wrote down numbers alone.
    private MessageGrant? AsSent(JournalEntry entry, int[] mapped)
    {
        if (TryReadControl(isMsi: false, out uint msix) && (msix & MsiXRegisters.Enable) != 0)
        {
            return new(InterruptMode.MsiX, mapped, mapped, MultipleMessage: 0, Ticket: 0, entry);
        }

        return TryReadControl(isMsi: true, out uint msi) && (msi & MsiRegisters.Enable) != 0
            ? AsMsi(entry, mapped, (int)((msi & MsiRegisters.MultipleMessageEnable) >> MultipleMessageEnableShift))
            : null;
    }

    // Not where the guest switches the bit itself, which then is as it wants it.
    private bool IsToBeEnabled(bool isMsi) => (function.Map.Settings & MapSettings.InterruptControl) == 0
        && TryReadControl(isMsi, out uint control) && (control & (isMsi ? MsiRegisters.Enable : MsiXRegisters.Enable)) == 0
        && _found.DecodesMemory() && _found.IsInD0();

    /// <summary>Takes back what an earlier daemon mapped, whether or not hardware sends it still.</summary>
    /// <param name="entry">What was mapped.</param>
    /// <param name="pirqs">Those of it that are to be unmapped.</param>
    public void TakeBack(JournalEntry entry, ReadOnlySpan<int> pirqs)
    {
        using (FunctionLock.Take(function))
        {
            StopSending(msi: true, msix: true);
        }

        Unmap(pirqs, entry);
        LetLineSpeak();
    }

    /// <summary>Takes back what an earlier daemon mapped besides what the guest has now.</summary>
    /// <param name="entry">What was mapped.</param>
    /// <param name="pirqs">Those of it that are to be unmapped.</param>
    public void TakeBackRest(JournalEntry entry, ReadOnlySpan<int> pirqs) => Unmap(pirqs, entry);
}
