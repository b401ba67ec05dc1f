using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Tests.Load;

/// <summary>Turns one bit of every second read of Status round, once the first listing of its registers is over.</summary>
internal sealed class CorruptingFunction(IPciFunction inner) : DelegatingFunction(inner)
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

/// <summary>Turns one bit of one read of Status round, soon after the first listing of its registers is over.</summary>
internal sealed class OnceWrongFunction(IPciFunction inner) : DelegatingFunction(inner)
{
    private int _reads;

    public override bool TryRead(int offset, int size, out uint value)
    {
        bool done = base.TryRead(offset, size, out value);
        if ((offset & ~3) == 4 && ++_reads == 20)
        {
            value ^= 1u << ((size * 8) - 1);
        }

        return done;
    }
}

/// <summary>Takes its time for every read.</summary>
internal sealed class SlowFunction(IPciFunction inner, TimeSpan delay) : DelegatingFunction(inner)
{
    public override bool TryRead(int offset, int size, out uint value)
    {
        Thread.Sleep(delay);
        return base.TryRead(offset, size, out value);
    }
}

/// <summary>Forgets that its MSI (at 0x50) was enabled.</summary>
internal sealed class ForgetfulFunction(IPciFunction inner) : DelegatingFunction(inner)
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
