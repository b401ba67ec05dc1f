using PciBackFlow.Backend.Grants;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>This part: what an earlier daemon enabled.</summary>
internal sealed partial class FunctionInterrupts
{
    /// <summary>
    /// The guest has the function from an earlier daemon: it keeps the messages that it knows of; what was mapped besides is taken back. Before a request can
    /// reach the function.
    /// </summary>
    /// <param name="inherited">What the journal says is mapped, and which pirqs of it are its own; the youngest last.</param>
    /// <param name="isKnown">Whether the guest was told of the youngest.</param>
    public void Inherit(IReadOnlyList<(JournalEntry Entry, int[] Pirqs)> inherited, bool isKnown)
    {
        _lock.Enter();
        try
        {
            foreach ((JournalEntry entry, int[] pirqs) in inherited.Reverse())
            {
                if (_grant is not null)
                {
                    _setup.TakeBackRest(entry, pirqs);
                }
                else if (isKnown && entry.IsDone && _setup.Continue(entry, out InterruptRefusal? refusal) is { } grant)
                {
                    _grant = grant with { Ticket = _nextTicket() };
                    if (refusal is not null)
                    {
                        WarnOfLost(refusal);
                    }
                }
                else
                {
                    _setup.TakeBack(entry, pirqs);
                }

                // Only of the youngest can it have been told last.
                isKnown = false;
            }
        }
        finally
        {
            Leave();
        }
    }
}
