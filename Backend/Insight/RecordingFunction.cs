using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Registers;

namespace PciBackFlow.Backend.Insight;

/// <summary>Writes down every register access that reaches a function. Used by one thread; does not own the function.</summary>
internal sealed class RecordingFunction(IPciFunction function) : IPciFunction
{
    private List<HardwareAccess> _accesses = [];

    public PciAddress Address => function.Address;

    public string Origin => function.Origin;

    public int Size => function.Size;

    public int ReadableSize => function.ReadableSize;

    public ushort VendorId => function.VendorId;

    public ushort DeviceId => function.DeviceId;

    public bool IsVirtualFunction => function.IsVirtualFunction;

    public byte InterruptLine => function.InterruptLine;

    public IReadOnlyList<BaseAddress> BaseAddresses => function.BaseAddresses;

    /// <summary>What was written down since the last call.</summary>
    public IReadOnlyList<HardwareAccess> Take()
    {
        List<HardwareAccess> taken = _accesses;
        _accesses = [];
        return taken;
    }

    public bool TryRead(int offset, int size, out uint value)
    {
        bool answered = function.TryRead(offset, size, out value);
        _accesses.Add(new(HardwareAccess.Read, offset, size, value));
        return answered;
    }

    public bool TryWrite(int offset, int size, uint value)
    {
        _accesses.Add(new(HardwareAccess.Write, offset, size, value));
        return function.TryWrite(offset, size, value);
    }

    public bool PhysicalFunctionDecodesMemory() => function.PhysicalFunctionDecodesMemory();

    public bool TryEnable() => WithRegister(ConfigRegisters.Command, function.TryEnable);

    public bool TrySetPowerState(int state) =>
        CapabilityWalk.Read(function).TryFind(CapabilityId.PowerManagement, out PciCapability power)
            ? WithRegister(power.Offset + PowerManagementRegisters.ControlStatus, () => function.TrySetPowerState(state))
            : function.TrySetPowerState(state);

    public bool TryReset() => function.TryReset();

    public void Dispose()
    {
        // The function is the caller's.
    }

    /// <summary>The host's own operations write their register behind the interface: what they changed reached hardware too.</summary>
    private bool WithRegister(int offset, Func<bool> operation)
    {
        bool known = function.TryRead(offset, 2, out uint before);
        bool done = operation();
        if (known && function.TryRead(offset, 2, out uint after) && after != before)
        {
            _accesses.Add(new(HardwareAccess.Write, offset, 2, after));
        }

        return done;
    }
}
