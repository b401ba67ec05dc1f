using PciBackFlow.Fuzz.Tests.Targets;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Fuzz.Tests;

/// <summary>What the targets would see of a product that goes astray.</summary>
public sealed class GuardedFunctionTests
{
    [Theory]
    [InlineData(256, 1)]
    [InlineData(254, 4)]
    [InlineData(-4, 4)]
    [InlineData(2, 4)]
    [InlineData(0, 3)]
    public void An_access_that_no_function_allows_is_a_finding(int offset, int size)
    {
        using var function = new GuardedFunction(new EmulatedFunction(default, "guarded", new byte[256]));

        Assert.Throws<BrokenPropertyException>(() => function.TryRead(offset, size, out _));
        Assert.Throws<BrokenPropertyException>(() => function.TryWrite(offset, size, 0));
    }
}
