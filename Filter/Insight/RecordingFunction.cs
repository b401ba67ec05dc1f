using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Filter.Insight;

/// <summary>Writes down every register access that reaches a function. Used by one thread; does not own the function.</summary>
internal sealed class RecordingFunction(IPciFunction function) : DelegatingFunction(function, ownsInner: false)
{
    private List<HardwareAccess> _accesses = [];

    /// <summary>What was written down since the last call.</summary>
    public IReadOnlyList<HardwareAccess> Take()
    {
        List<HardwareAccess> taken = _accesses;
        _accesses = [];
        return taken;
    }

    public override bool TryRead(int offset, int size, out uint value)
    {
        bool answered = Inner.TryRead(offset, size, out value);
        _accesses.Add(new(HardwareAccess.Read, offset, size, value));
        return answered;
    }

    public override bool TryWrite(int offset, int size, uint value)
    {
        _accesses.Add(new(HardwareAccess.Write, offset, size, value));
        return Inner.TryWrite(offset, size, value);
    }

    public override bool TryEnable() => WithRegister(ConfigRegisters.Command, Inner.TryEnable);

    public override bool TrySetPowerState(int state) =>
        CapabilityWalk.Read(Inner).TryFind(CapabilityId.PowerManagement, out PciCapability power)
            ? WithRegister(power.Offset + PowerManagementRegisters.ControlStatus, () => Inner.TrySetPowerState(state))
            : Inner.TrySetPowerState(state);

    /// <summary>The host's own operations write their register behind the interface: what they changed reached hardware too.</summary>
    private bool WithRegister(int offset, Func<bool> operation)
    {
        bool known = Inner.TryRead(offset, 2, out uint before);
        bool done = operation();
        if (known && Inner.TryRead(offset, 2, out uint after) && after != before)
        {
            _accesses.Add(new(HardwareAccess.Write, offset, 2, after));
        }

        return done;
    }
}
