using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Perf.Tests.Load;

/// <summary>A function that answers through another one.</summary>
internal abstract class PassingFunction(IPciFunction inner) : IPciFunction
{
    public PciAddress Address => inner.Address;

    public string Origin => inner.Origin;

    public int Size => inner.Size;

    public int ReadableSize => inner.ReadableSize;

    public ushort VendorId => inner.VendorId;

    public ushort DeviceId => inner.DeviceId;

    public bool IsVirtualFunction => inner.IsVirtualFunction;

    public byte InterruptLine => inner.InterruptLine;

    public IReadOnlyList<BaseAddress> BaseAddresses => inner.BaseAddresses;

    public virtual bool TryRead(int offset, int size, out uint value) => inner.TryRead(offset, size, out value);

    public bool TryWrite(int offset, int size, uint value) => inner.TryWrite(offset, size, value);

    public bool PhysicalFunctionDecodesMemory() => inner.PhysicalFunctionDecodesMemory();

    public bool TryEnable() => inner.TryEnable();

    public bool TrySetPowerState(int state) => inner.TrySetPowerState(state);

    public bool TryReset() => inner.TryReset();

    public void Dispose() => inner.Dispose();
}

/// <summary>Turns one bit of every second read of Status round, once the first listing of its registers is over.</summary>
internal sealed class CorruptingFunction(IPciFunction inner) : PassingFunction(inner)
{
    private int _reads;

    public override bool TryRead(int offset, int size, out uint value)
    {
        bool done = base.TryRead(offset, size, out value);
        if ((offset & ~3) == 4 && ++_reads > 8 && _reads % 2 == 0)
        {
            value ^= 1u << ((size * 8) - 1);
        }

        return done;
    }
}

/// <summary>Takes its time for every read.</summary>
internal sealed class SlowFunction(IPciFunction inner, TimeSpan delay) : PassingFunction(inner)
{
    public override bool TryRead(int offset, int size, out uint value)
    {
        Thread.Sleep(delay);
        return base.TryRead(offset, size, out value);
    }
}

/// <summary>Forgets that its MSI (at 0x50) was enabled.</summary>
internal sealed class ForgetfulFunction(IPciFunction inner) : PassingFunction(inner)
{
    public override bool TryRead(int offset, int size, out uint value)
    {
        bool done = base.TryRead(offset, size, out value);
        if (offset == 0x52)
        {
            value &= ~1u;
        }

        return done;
    }
}
