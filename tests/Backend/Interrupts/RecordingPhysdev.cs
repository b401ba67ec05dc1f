using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Running;
using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Interrupts;

/// <summary>Maps whatever it is asked to, and counts: for what the loopback does not look at, and for pirqs that it never gives.</summary>
internal sealed class RecordingPhysdev : IPhysdev
{
    public List<ulong> TableBases { get; } = [];

    /// <summary>The pirqs it gives, one after the other; the last one again and again.</summary>
    public int[] Pirqs { get; init; } = [100];

    public int Maps { get; private set; }

    public List<int> Unmapped { get; } = [];

    public InterruptOperations Operate(IPciFunction hardware, out AssignedFunction function)
    {
        CapturedLines lines = new();
        InterruptOperations operations = new(this, new DistinctWarnings(lines), lines);
        function = new(hardware, default, FunctionPermissions.Compile(hardware, AccessPolicy.Default, new ConfigSpaceMapCache()));
        operations.Add(1, function);
        return operations;
    }

    public int MapMessage(int domainId, PciAddress function, int entry, ulong tableBase)
    {
        TableBases.Add(tableBase);
        return Pirqs[Math.Min(Maps++, Pirqs.Length - 1)];
    }

    public int MapMessages(int domainId, PciAddress function, int count, out int available)
    {
        available = 0;
        return Pirqs[Math.Min(Maps++, Pirqs.Length - 1)];
    }

    public void Unmap(int domainId, int pirq) => Unmapped.Add(pirq);

    public int MapLine(int domainId, int gsi) => throw new InvalidOperationException("lines are the toolstack's");

    public void PrepareMsix(PciAddress function) => throw new InvalidOperationException("preparing is the toolstack's");

    public void ReleaseMsix(PciAddress function) => throw new InvalidOperationException("preparing is the toolstack's");

    public void RestoreMessages(PciAddress function) => throw new InvalidOperationException("nothing was reset");

    public void Dispose()
    {
        // Nothing is open.
    }
}
