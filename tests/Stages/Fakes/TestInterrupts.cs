using PciBackFlow.Filter.Run;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Stages.Tests;

/// <summary>Interrupt operations that grant everything, or answer what the test says.</summary>
internal sealed class TestInterrupts : IInterruptOperations
{
    internal InterruptReply? Answer { get; set; }

    internal int Calls { get; private set; }

    internal List<long> Abandoned { get; } = [];

    public InterruptReply EnableMsi(AssignedFunction function) => Give(new InterruptReply(PciOpStatus.Success, 55, Ticket: 1));

    public InterruptReply DisableMsi(AssignedFunction function) => Give(new InterruptReply(PciOpStatus.Success, 16));

    public InterruptReply EnableMsix(AssignedFunction function, Span<MsixEntry> entries)
    {
        InterruptReply reply = Give(new InterruptReply(PciOpStatus.Success, 0, Ticket: 2));
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Vector = (ushort)(200 + i);
        }

        return reply;
    }

    public InterruptReply DisableMsix(AssignedFunction function) => Give(new InterruptReply(PciOpStatus.Success, 17));

    public InterruptReply EnableMultiMsi(AssignedFunction function, uint count) => Give(new InterruptReply(PciOpStatus.Success, 60, count, 3));

    public void Abandon(AssignedFunction function, long ticket) => Abandoned.Add(ticket);

    private InterruptReply Give(InterruptReply reply)
    {
        Calls++;
        return Answer ?? reply;
    }
}
