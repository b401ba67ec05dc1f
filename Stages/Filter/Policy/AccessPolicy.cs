using PciBackFlow.Stages.Filter.Compile;

namespace PciBackFlow.Stages.Filter.Policy;

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

    /// <summary>A policy that is a profile alone.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="origin">Where it was chosen; built in when not said.</param>
    /// <returns>The policy.</returns>
    public static AccessPolicy For(PolicyProfile profile, SettingOrigin? origin = null)
        => new() { Profile = new(profile, origin ?? SettingOrigin.BuiltIn) };
}
