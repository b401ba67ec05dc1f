using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Policy;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>The four policies by the names their files use, so that theories can name them.</summary>
internal static class Policies
{
    public static readonly string[] Names = ["default", "permissive", "strict", "qemu-xen"];

    public static AccessPolicy Named(string name) => name switch
    {
        "default" => AccessPolicy.Default,
        "permissive" => AccessPolicy.Permissive,
        "strict" => AccessPolicy.Strict,
        "qemu-xen" => AccessPolicy.QemuXen,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such policy"),
    };
}
