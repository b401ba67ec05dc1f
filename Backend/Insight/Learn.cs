using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter;

namespace PciBackFlow.Backend.Insight;

/// <summary>Finds the smallest policy that lets a guest do what it was seen trying.</summary>
/// <param name="Policy">The basis and the rules that were missing, one for each register.</param>
/// <param name="Added">Those rules alone.</param>
/// <param name="Refused">Writes of which some bits stay denied: no policy opens them. With what was learned in force.</param>
public sealed record Learn(AccessPolicy Policy, IReadOnlyList<PolicyRule> Added, IReadOnlyList<ExplainedAccess> Refused)
{
    // A rule can uncover a further denial (a write that gets through changes what a later one meets), once for each register at most.
    private const int MaxRounds = 64;

    /// <summary>Runs the accesses under the basis, adds a rule for each register that denied bits of a write, and runs them again until nothing is added.</summary>
    /// <param name="open">Opens the function in its first state; each run disposes what it opened.</param>
    /// <param name="basis">The policy to start from.</param>
    /// <param name="accesses">What the guest did, in order.</param>
    /// <returns>What it takes.</returns>
    public static Learn From(Func<IPciFunction> open, AccessPolicy basis, IReadOnlyList<ConfigAccess> accesses)
    {
        List<PolicyRule> added = [];
        IReadOnlyList<ExplainedAccess> last = [];
        for (int round = 0; round < MaxRounds; round++)
        {
            using IPciFunction function = open();
            last = Explain.Run(function, basis with { Rules = [.. basis.Rules, .. added] }, accesses);
            if (!Absorb(added, last))
                break;
        }

        return new(basis with { Rules = [.. basis.Rules, .. added] }, added, [.. last.Where(access => access.DeniedBits != 0)]);
    }

    private static bool Absorb(List<PolicyRule> rules, IReadOnlyList<ExplainedAccess> accesses)
    {
        bool grew = false;
        foreach (ExplainedAccess access in accesses)
        {
            if (access.Suggestion is not { } wanted)
                continue;
            int at = rules.FindIndex(rule => (rule.Register, rule.Offset, rule.Size) == (wanted.Register, wanted.Offset, wanted.Size));
            if (at < 0)
                rules.Add(wanted);
            else if ((rules[at].Mask | wanted.Mask) != rules[at].Mask)
                rules[at] = rules[at] with { Mask = rules[at].Mask | wanted.Mask };
            else
                continue;
            grew = true;
        }

        return grew;
    }
}
