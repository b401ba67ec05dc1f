using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// The four policies by the names their files use, so that theories can name them. They show whole functions, and let tuning be by policy as all else: what is
/// about tables needs all rows. What a guest is shown when nobody says anything is UnusableTests'.
/// </summary>
internal static class Policies
{
    public static readonly string[] Names = ["default", "permissive", "strict", "qemu-xen"];

    public static AccessPolicy Default { get; } = Named("default");

    public static AccessPolicy Named(string name) => (name switch
    {
        "default" => AccessPolicy.Default,
        "permissive" => AccessPolicy.Permissive,
        "strict" => AccessPolicy.Strict,
        "qemu-xen" => AccessPolicy.QemuXen,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such policy"),
    }) with
    {
        HideUnusable = new(false, SettingOrigin.BuiltIn),
        AnswerTuning = new(false, SettingOrigin.BuiltIn),
    };
}
