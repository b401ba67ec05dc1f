using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Pci;

namespace PciBackFlow.Filter.Insight;

/// <summary>Finds the smallest policy that lets a guest do what it was seen trying.</summary>
/// <param name="Policy">The basis and the rules that were missing, one for each register (<see cref="PolicySuggestion"/>).</param>
/// <param name="Added">Those rules alone.</param>
/// <param name="Refused">Writes of which some bits stay denied: no policy opens them. With what was learned in force.</param>
public sealed record Learn(AccessPolicy Policy, IReadOnlyList<PolicyRule> Added, IReadOnlyList<ExplainedAccess> Refused)
{
    /// <summary>Accesses behind what can be read of the function: nothing is learned from them.</summary>
    public IReadOnlyList<ConfigAccess> Unknown { get; init; } = [];

    // A rule can uncover a further denial (a write that gets through changes what a later one meets), once for each register at most.
    private const int MaxRounds = 64;

    /// <summary>
    /// Runs the accesses under the basis, adds a rule for each register that denied bits of a write, and runs
    /// them again until nothing is added.
    /// </summary>
    /// <param name="open">Opens the function in its first state; each run disposes what it opened.</param>
    /// <param name="basis">The policy to start from.</param>
    /// <param name="accesses">What the guest did, in order.</param>
    /// <returns>What it takes.</returns>
    public static Learn From(Func<IPciFunction> open, AccessPolicy basis, IReadOnlyList<ConfigAccess> accesses)
    {
        IReadOnlyList<PolicyRule> added = [];
        IReadOnlyList<ExplainedAccess> last = [];
        for (int round = 0; round < MaxRounds; round++)
        {
            using IPciFunction function = open();
            last = Explain.Run(function, basis with { Rules = [.. basis.Rules, .. added] }, accesses, out ConfigSpaceMap map);
            IReadOnlyList<PolicyRule> grown = PolicySuggestion.Merge(
                [.. added, .. last.SelectMany(access => PolicySuggestion.For(map, access.Offset, access.Size, access.DeniedBits))]);
            if (grown.SequenceEqual(added))
            {
                break;
            }

            added = grown;
        }

        return new(basis with { Rules = [.. basis.Rules, .. added] }, added, [.. last.Where(access => access.DeniedBits != 0)])
        {
            Unknown = [.. accesses.Where((access, index) => index < last.Count && !last[index].IsKnown)],
        };
    }
}
