using PciBackFlow.Filter.Compile;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Backend.Policy;

/// <summary>The policy that holds for one assignment, for reports: every setting with the place it comes from.</summary>
/// <param name="Profile">The profile.</param>
/// <param name="AllowInterruptControl">Whether the guest may switch interrupts in the registers.</param>
/// <param name="AllowFunctionReset">Whether a guest's function level reset is carried out.</param>
/// <param name="AllowPowerStates">Whether a power state that the guest writes is the function's own.</param>
/// <param name="HideUnusable">Whether what no guest can use is left out of what it sees.</param>
/// <param name="AnswerTuning">Whether tuning of the link is answered and not done.</param>
/// <param name="Rom">What the guest has of the expansion ROM.</param>
/// <param name="OnError">What is done when the guest has not got over an error of the function.</param>
/// <param name="Rules">How many rules and quirk fields come from each place, in the order in which they apply.</param>
/// <param name="HiddenCapabilities">Capabilities taken out of the guest's lists.</param>
public sealed record EffectivePolicy(
    Setting<PolicyProfile> Profile,
    Setting<bool> AllowInterruptControl,
    Setting<bool> AllowFunctionReset,
    Setting<bool> AllowPowerStates,
    Setting<bool> HideUnusable,
    Setting<bool> AnswerTuning,
    Setting<RomControl> Rom,
    Setting<ErrorRemedy> OnError,
    IReadOnlyList<Setting<int>> Rules,
    IReadOnlyList<string> HiddenCapabilities)
{
    /// <summary>All rules and quirk fields.</summary>
    public int RuleCount => Rules.Sum(static rules => rules.Value);

    /// <summary>Reads a policy.</summary>
    /// <param name="policy">The policy.</param>
    /// <returns>What of it a person wants to know.</returns>
    public static EffectivePolicy Of(AccessPolicy policy)
    {
        List<Setting<int>> rules = [];
        foreach (QuirkField quirk in policy.Quirks)
        {
            Count(rules, quirk.Origin);
        }

        foreach (PolicyRule rule in policy.Rules)
        {
            Count(rules, rule.Origin with { Detail = FileOf(rule.Origin) });
        }

        return new(
            policy.Profile, policy.AllowInterruptControl, policy.AllowFunctionReset, policy.AllowPowerStates, policy.HideUnusable, policy.AnswerTuning,
            policy.Rom, policy.OnError, rules, policy.HiddenCapabilities);
    }

    // A rule of a file carries its place behind the file's name.
    private static string FileOf(SettingOrigin origin)
    {
        int place = origin.Source == SettingSource.PolicyFile ? origin.Detail.LastIndexOf(' ') : -1;
        return place > 0 && origin.Detail[(place + 1)..] is ['r', 'u', 'l', 'e', 's', '[', ..] or ['[', ..] ? origin.Detail[..place] : origin.Detail;
    }

    private static void Count(List<Setting<int>> rules, SettingOrigin origin)
    {
        int at = rules.FindIndex(known => known.Origin == origin);
        if (at < 0)
        {
            rules.Add(new(1, origin));
        }
        else
        {
            rules[at] = rules[at] with { Value = rules[at].Value + 1 };
        }
    }
}
