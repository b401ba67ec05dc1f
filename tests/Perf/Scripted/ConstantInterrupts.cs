using PciBackFlow.Filter.Run;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Perf.Tests.Scripted;

/// <summary>Grants everything and makes nothing: what is allocated beside it is the engine's.</summary>
internal sealed class ConstantInterrupts : IInterruptOperations
{
    public InterruptReply EnableMsi(AssignedFunction function) => new(PciOpStatus.Success, 55);

    public InterruptReply DisableMsi(AssignedFunction function) => new(PciOpStatus.Success, 16);

    public InterruptReply EnableMsix(AssignedFunction function, Span<MsixEntry> entries)
    {
        foreach (ref MsixEntry entry in entries)
        {
            entry.Vector = 200;
        }

        return new(PciOpStatus.Success, 0);
    }

    public InterruptReply DisableMsix(AssignedFunction function) => new(PciOpStatus.Success, 17);

    public InterruptReply EnableMultiMsi(AssignedFunction function, uint count) => new(PciOpStatus.Success, 60, count);

    public void Abandon(AssignedFunction function, long ticket)
    {
    }
}
