using PciBackFlow.Filter.Map;

namespace PciBackFlow.Filter.Tables;

/// <summary>
/// One line of a register table. Legend, all masks in the register's own lanes (a register longer than 4 bytes repeats them per dword):
/// <list type="bullet">
/// <item><c>Virtual</c>: answered by policy; hardware may differ. <c>Value</c> is the answer, or the host's own value when not given.</item>
/// <item><c>Answered</c>: of a register that policy decides about, bits that are the guest's own until a rule opens them to hardware.</item>
/// <item><c>Shadow</c>: cannot change while the function is assigned: answered from a copy.</item>
/// <item>everything else is read from hardware.</item>
/// <item><c>Writable</c>: with rule Writable, Virtual or SideEffect the bits a guest may change in every profile.</item>
/// <item><c>Rw1c</c>: cleared by writing a one.</item>
/// <item><c>Denied</c>: never opened by any policy; with rule HardDenied all bits.</item>
/// <item><c>Effect</c> and <c>EffectMask</c>: the field whose write does something, 0 for none.</item>
/// </list>
/// </summary>
/// <param name="Name">The specification's name.</param>
/// <param name="Offset">From the beginning of the header or capability.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Rule">Who decides about writes.</param>
/// <param name="Source">Specification and section, or XSA number.</param>
internal sealed record RegisterDefinition(string Name, int Offset, int Size, WriteRule Rule, string Source)
{
    internal const uint All = uint.MaxValue;

    internal uint Virtual { get; init; }

    internal uint? Value { get; init; }

    internal uint Answered { get; init; }

    internal uint Shadow { get; init; }

    internal uint Writable { get; init; }

    internal uint Rw1c { get; init; }

    internal uint Denied { get; init; }

    internal uint EffectMask { get; init; }

    internal PlanAction Effect { get; init; }

    internal byte Index { get; init; }

    /// <summary>A sentence on the rule, where the general one does not say enough.</summary>
    internal string Note { get; init; } = string.Empty;

    /// <summary>Whether compiling may read it although nobody asked: false where reading might do something.</summary>
    internal bool IsReadAtOnce { get; init; } = true;

    /// <summary>Whether its bytes belong to any other register that claims them: true where the length is what the function says.</summary>
    internal bool YieldsToOthers { get; init; }
}
