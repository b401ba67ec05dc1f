using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Insight;

/// <summary>Whether a policy says anything to a function: a mistyped register name would otherwise go unnoticed.</summary>
public static class PolicyFit
{
    /// <summary>Looks for rules and hidden capabilities that change nothing.</summary>
    /// <param name="function">The function; only read.</param>
    /// <param name="policy">The policy.</param>
    /// <returns>One line each, for people; none when everything in the policy applies.</returns>
    /// <exception cref="UnsupportedFunctionException">A CardBus bridge, or a function that does not answer.</exception>
    public static IReadOnlyList<string> Problems(IPciFunction function, AccessPolicy policy) =>
        policy.Rules.Count + policy.Quirks.Count + policy.HiddenCapabilities.Count == 0
            ? []
            : FunctionPermissions.Compile(function, policy).PolicyProblems;
}
