using PciBackFlow.Filter.Compile;

namespace PciBackFlow.Filter.Policy;

/// <summary>
/// What one guest may do with one function: a profile, rules on top of it, and the options. Immutable; belongs to an assignment and
/// ends with it. What is denied in every policy is in the register tables, not here.
/// </summary>
public sealed record AccessPolicy
{
    /// <summary>The policy of Linux xen-pciback, but for power states, which are answered.</summary>
    public static AccessPolicy Default { get; } = new();

    /// <summary>Unknown writes pass.</summary>
    public static AccessPolicy Permissive { get; } = For(PolicyProfile.Permissive);

    /// <summary>Unknown writes are refused aloud.</summary>
    public static AccessPolicy Strict { get; } = For(PolicyProfile.Strict);

    /// <summary>The masks of QEMU's Xen passthrough.</summary>
    public static AccessPolicy QemuXen { get; } = For(PolicyProfile.QemuXen);

    /// <summary>The profile.</summary>
    public Setting<PolicyProfile> Profile { get; init; } = new(PolicyProfile.Default, SettingOrigin.BuiltIn);

    /// <summary>Rules, the later over the earlier.</summary>
    public IReadOnlyList<PolicyRule> Rules { get; init; } = [];

    /// <summary>Quirk fields, applied before the rules.</summary>
    public IReadOnlyList<QuirkField> Quirks { get; init; } = [];

    /// <summary>Names of capabilities (<c>CAP_VPD</c>, <c>ECAP_LTR</c>) taken out of the guest's chains.</summary>
    public IReadOnlyList<string> HiddenCapabilities { get; init; } = [];

    /// <summary>Whether the guest may switch MSI, MSI-X and INTx in the registers.</summary>
    public Setting<bool> AllowInterruptControl { get; init; } = new(false, SettingOrigin.BuiltIn);

    /// <summary>Whether a guest's function level reset is carried out, as a reset by the host.</summary>
    public Setting<bool> AllowFunctionReset { get; init; } = new(false, SettingOrigin.BuiltIn);

    /// <summary>Whether a power state that the guest writes is the function's own, and not only what the guest reads.</summary>
    public Setting<bool> AllowPowerStates { get; init; } = new(false, SettingOrigin.BuiltIn);

    /// <summary>
    /// Whether what no guest can use is left out of what it sees: virtual functions, alternative routing, resizable base addresses; and the
    /// multi-function bit of a function that is alone.
    /// </summary>
    public Setting<bool> HideUnusable { get; init; } = new(true, SettingOrigin.BuiltIn);

    /// <summary>
    /// Whether a guest that tunes the link (payload size, size of read requests, extended tags) reads back what it wrote, while the function goes on as
    /// the host set it.
    /// </summary>
    public Setting<bool> AnswerTuning { get; init; } = new(true, SettingOrigin.BuiltIn);

    /// <summary>What the guest has of the expansion ROM.</summary>
    public Setting<RomControl> Rom { get; init; } = new(RomControl.Host, SettingOrigin.BuiltIn);

    /// <summary>A ROM setting's name as in policy files: <c>host</c>, <c>off</c>.</summary>
    /// <param name="rom">The setting.</param>
    /// <returns>Its name.</returns>
    public static string NameOf(RomControl rom) => rom == RomControl.Off ? "off" : "host";

    /// <summary>What is done when the guest has not got over an error of the function. No register depends on it.</summary>
    public Setting<ErrorRemedy> OnError { get; init; } = new(ErrorRemedy.Detach, SettingOrigin.BuiltIn);

    /// <summary>A remedy's name as in policy files: <c>detach</c>, <c>log</c>, <c>pause</c>, <c>destroy</c>.</summary>
    /// <param name="remedy">A remedy.</param>
    /// <returns>Its name.</returns>
    public static string NameOf(ErrorRemedy remedy) => remedy switch
    {
        ErrorRemedy.Log => "log",
        ErrorRemedy.Pause => "pause",
        ErrorRemedy.Destroy => "destroy",
        _ => "detach",
    };

    /// <summary>The profile's name as in policy files: <c>default</c>, <c>permissive</c>, <c>strict</c>, <c>qemu-xen</c>.</summary>
    /// <param name="profile">A profile.</param>
    /// <returns>Its name.</returns>
    public static string NameOf(PolicyProfile profile) => profile switch
    {
        PolicyProfile.Permissive => "permissive",
        PolicyProfile.Strict => "strict",
        PolicyProfile.QemuXen => "qemu-xen",
        _ => "default",
    };

    /// <summary>Whether another policy says the same, from the same places.</summary>
    /// <param name="other">The other.</param>
    /// <returns>Whether it does. For people's changes: allocates.</returns>
    public bool SaysTheSameAs(AccessPolicy other) =>
        this with { Rules = other.Rules, Quirks = other.Quirks, HiddenCapabilities = other.HiddenCapabilities } == other
        && AreEqual(Rules, other.Rules) && AreEqual(Quirks, other.Quirks) && AreEqual(HiddenCapabilities, other.HiddenCapabilities);

    /// <summary>A policy that is a profile alone.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="origin">Where it was chosen; built in when not said.</param>
    /// <returns>The policy.</returns>
    public static AccessPolicy For(PolicyProfile profile, SettingOrigin? origin = null)
        => new() { Profile = new(profile, origin ?? SettingOrigin.BuiltIn) };

    private static bool AreEqual<T>(IReadOnlyList<T> some, IReadOnlyList<T> others)
    {
        bool same = some.Count == others.Count;
        for (int i = 0; same && i < some.Count; i++)
        {
            same = EqualityComparer<T>.Default.Equals(some[i], others[i]);
        }

        return same;
    }
}
