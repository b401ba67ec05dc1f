using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Filter.Map;

/// <summary>What compiling a function under a policy gives.</summary>
/// <param name="Map">The permissions; shared where equal.</param>
/// <param name="Initial">The values this function starts with.</param>
/// <param name="Problems">What was odd: broken capability lists, rules that open nothing. One line each, for people.</param>
public sealed record CompiledFunction(ConfigSpaceMap Map, InitialRegisters Initial, IReadOnlyList<string> Problems)
{
    /// <summary>The policy it was compiled under, with the origin of each setting.</summary>
    public AccessPolicy Policy { get; init; } = AccessPolicy.Default;

    /// <summary>Those of the problems that are the policy's and not the function's: rules and names that change nothing.</summary>
    public IReadOnlyList<string> PolicyProblems { get; init; } = [];

    /// <summary>Where the function's power management control lies, whether or not the guest sees it; -1 for a function without.</summary>
    internal int PowerControlOffset { get; init; } = -1;
}
