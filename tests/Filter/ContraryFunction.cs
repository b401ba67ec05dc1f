using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;

namespace PciBackFlow.Filter.Tests;

/// <summary>A function that refuses or loses what the test says, by offset; nothing at first.</summary>
internal sealed class ContraryFunction(EmulatedFunction inner) : DelegatingFunction(inner)
{
    internal Predicate<int> RefusesRead { get; set; } = static _ => false;

    internal Predicate<int> RefusesWrite { get; set; } = static _ => false;

    internal Predicate<int> LosesWrite { get; set; } = static _ => false;

    internal bool RefusesToEnable { get; set; }

    internal bool RefusesPowerStates { get; set; }

    internal bool RefusesToReset { get; set; }

    internal bool RefusesToPutBack { get; set; }

    public override bool TryRead(int offset, int size, out uint value)
    {
        if (!RefusesRead(offset))
        {
            return Inner.TryRead(offset, size, out value);
        }

        value = NoAnswer.Of(size);
        return false;
    }

    public override bool TryWrite(int offset, int size, uint value) =>
        !RefusesWrite(offset) && (LosesWrite(offset) || Inner.TryWrite(offset, size, value));

    public override bool TryEnable() => !RefusesToEnable && Inner.TryEnable();

    public override bool TrySetPowerState(int state) => !RefusesPowerStates && Inner.TrySetPowerState(state);

    public override bool TryReset() => !RefusesToReset && Inner.TryReset();

    public override bool TryPutBack() => !RefusesToPutBack;
}
