using PciBackFlow.Pci;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>A function that counts its accesses and lets none pass that its contract does not allow.</summary>
internal sealed class GuardedFunction(IPciFunction inner) : DelegatingFunction(inner)
{
    internal int Reads { get; private set; }

    public override bool TryRead(int offset, int size, out uint value)
    {
        Reads++;
        Judge("read", offset, size);
        return base.TryRead(offset, size, out value);
    }

    public override bool TryWrite(int offset, int size, uint value)
    {
        Judge("write", offset, size);
        return base.TryWrite(offset, size, value);
    }

    private void Judge(string what, int offset, int size)
    {
        if (size is not (1 or 2 or 4) || offset < 0 || (offset & (size - 1)) != 0 || offset > Size - size)
        {
            throw new BrokenPropertyException($"a {what} of {size} bytes at 0x{offset:x} of a function of {Size} bytes");
        }
    }
}
