using PciBackFlow.Filter.Run;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>Grants every interrupt that is asked for.</summary>
internal sealed class GrantingInterrupts : IInterruptOperations
{
    public InterruptReply EnableMsi(AssignedFunction function) => new(PciOpStatus.Success, 55, Ticket: 1);

    public InterruptReply DisableMsi(AssignedFunction function) => new(PciOpStatus.Success, 16);

    public InterruptReply EnableMsix(AssignedFunction function, Span<MsixEntry> entries)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Vector = (ushort)(200 + i);
        }

        return new(PciOpStatus.Success, 0, Ticket: 2);
    }

    public InterruptReply DisableMsix(AssignedFunction function) => new(PciOpStatus.Success, 17);

    public InterruptReply EnableMultiMsi(AssignedFunction function, uint count) => new(PciOpStatus.Success, 60, count, 3);

    public void Abandon(AssignedFunction function, long ticket)
    {
    }
}
