using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Pci.Registers;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>This part: messages that an earlier daemon enabled.</summary>
internal sealed partial class MessageSetup
{
    /// <summary>
    /// What an earlier daemon enabled, as hardware has it still: of consecutive MSI messages all that were mapped, which may be more than the guest asked for.
    /// </summary>
    /// <param name="entry">What was mapped.</param>
    /// <returns>What the guest has; its ticket is still to be given. Null when hardware sends no messages any more, or does not tell.</returns>
    public MessageGrant? Continue(JournalEntry entry)
    {
        MessageGrant? enabled = FindEnabled(entry);
        if (enabled is not null)
        {
            journal!.Continue(entry);
        }

        return enabled;
    }

    private MessageGrant? FindEnabled(JournalEntry entry)
    {
        int[] mapped = [.. entry.Grant.Pirqs()];
        using var turn = FunctionLock.Take(function);
        if (!turn.IsTaken || mapped.Length == 0)
        {
            return null;
        }

        Find();
        if (_found.HasMsix && _found.TryReadMsix(out uint msix) && (msix & MsiXRegisters.Enable) != 0)
        {
            return new(InterruptMode.MsiX, mapped, mapped, MultipleMessage: 0, Ticket: 0, entry);
        }

        if (!_found.HasMsi || !_found.TryReadMsi(out uint msi) || (msi & MsiRegisters.Enable) == 0)
        {
            return null;
        }

        int log2 = (int)((msi & MsiRegisters.MultipleMessageEnable) >> MultipleMessageEnableShift);
        return new(InterruptMode.Msi, [.. Enumerable.Range(mapped[0], 1 << log2)], mapped, log2, Ticket: 0, entry);
    }

    /// <summary>Takes back what an earlier daemon mapped, whether or not hardware sends it still.</summary>
    /// <param name="entry">What was mapped.</param>
    /// <param name="pirqs">Those of it that are to be unmapped.</param>
    public void TakeBack(JournalEntry entry, ReadOnlySpan<int> pirqs)
    {
        using (FunctionLock.Take(function))
        {
            Find();
            StopSending(_found.HasMsi, _found.HasMsix);
        }

        Unmap(pirqs, entry);
        LetLineSpeak();
    }

    /// <summary>Takes back what an earlier daemon mapped besides what the guest has now.</summary>
    /// <param name="entry">What was mapped.</param>
    /// <param name="pirqs">Those of it that are to be unmapped.</param>
    public void TakeBackRest(JournalEntry entry, ReadOnlySpan<int> pirqs) => Unmap(pirqs, entry);
}
