namespace PciBackFlow.Filter.Policy;

/// <summary>
/// What one place says about what a guest may do; null or empty where it says nothing. Every setting carries
/// that place as its origin. Immutable.
/// </summary>
public sealed record PolicyStatement
{
    /// <summary>Says nothing.</summary>
    public static PolicyStatement Nothing { get; } = new();

    /// <summary>The profile.</summary>
    public Setting<PolicyProfile>? Profile { get; init; }

    /// <summary>Whether the guest may switch MSI, MSI-X and INTx in the registers.</summary>
    public Setting<bool>? AllowInterruptControl { get; init; }

    /// <summary>Whether a guest's function level reset is carried out, as a reset by the host.</summary>
    public Setting<bool>? AllowFunctionReset { get; init; }

    /// <summary>Whether a power state that the guest writes is the function's own, and not only what the guest reads.</summary>
    public Setting<bool>? AllowPowerStates { get; init; }

    /// <summary>Whether what no guest can use is left out of what it sees.</summary>
    public Setting<bool>? HideUnusable { get; init; }

    /// <summary>Whether a guest that tunes the link reads back what it wrote, while the function goes on as the host set it.</summary>
    public Setting<bool>? AnswerTuning { get; init; }

    /// <summary>What the guest has of the expansion ROM.</summary>
    public Setting<RomControl>? Rom { get; init; }

    /// <summary>What is done when the guest has not got over an error of the function.</summary>
    public Setting<ErrorRemedy>? OnError { get; init; }

    /// <summary>Rules; they come after those of the places below.</summary>
    public IReadOnlyList<PolicyRule> Rules { get; init; } = [];

    /// <summary>Quirk fields; they come after those of the places below, and all of them before any rule.</summary>
    public IReadOnlyList<QuirkField> Quirks { get; init; } = [];

    /// <summary>Names of capabilities to hide, on top of those that the places below hide.</summary>
    public IReadOnlyList<string> HiddenCapabilities { get; init; } = [];

    /// <summary>A statement of a profile alone.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="origin">Who says it.</param>
    /// <returns>The statement.</returns>
    public static PolicyStatement Of(PolicyProfile profile, SettingOrigin origin) => new() { Profile = new(profile, origin) };

    /// <summary>The policy with what is said here: a single value replaces the one below, lists grow.</summary>
    /// <param name="policy">The policy that would hold without it.</param>
    /// <returns>The policy that holds.</returns>
    public AccessPolicy ApplyTo(AccessPolicy policy) => policy with
    {
        Profile = Profile ?? policy.Profile,
        AllowInterruptControl = AllowInterruptControl ?? policy.AllowInterruptControl,
        AllowFunctionReset = AllowFunctionReset ?? policy.AllowFunctionReset,
        AllowPowerStates = AllowPowerStates ?? policy.AllowPowerStates,
        HideUnusable = HideUnusable ?? policy.HideUnusable,
        AnswerTuning = AnswerTuning ?? policy.AnswerTuning,
        Rom = Rom ?? policy.Rom,
        OnError = OnError ?? policy.OnError,
        Rules = Grown(policy.Rules, Rules),
        Quirks = Grown(policy.Quirks, Quirks),
        HiddenCapabilities = Grown(policy.HiddenCapabilities, HiddenCapabilities),
    };

    // The same list when there is nothing to add: most policies are the built-in one, and are compared by it.
    private static IReadOnlyList<T> Grown<T>(IReadOnlyList<T> below, IReadOnlyList<T> more) => more.Count == 0 ? below : [.. below, .. more];
}
