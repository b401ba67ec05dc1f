using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>A device in xl's words: <c>[DDDD:]BB:SS.F[@VSLOT][,permissive=1,…]</c>, or <c>name=NAME,…</c>.</summary>
/// <param name="Address">The host's device; null when <paramref name="Name"/> is given, or <paramref name="IsAllFunctions"/> (then function
/// 0 of the slot).</param>
/// <param name="Name">The name given when it was made assignable, or null.</param>
/// <param name="IsAllFunctions">Whether the function was <c>*</c>: all functions of the slot.</param>
/// <param name="VirtualSlot">The slot in the guest, 0 to 31, or null for any.</param>
/// <param name="Permissive">Whether the guest may write registers that nobody knows.</param>
/// <param name="MsiTranslate">xl's <c>msitranslate</c>: kept, without effect for PV guests.</param>
/// <param name="Seize">Whether it is taken from the host if it isn't held yet.</param>
/// <param name="PowerManagement">xl's <c>power_mgmt</c>: kept, without effect for PV guests.</param>
/// <param name="IsRelaxed">xl's <c>rdm_policy=relaxed</c>.</param>
public sealed partial record PciSpec(
    PciAddress? Address,
    string? Name,
    bool IsAllFunctions,
    byte? VirtualSlot,
    bool Permissive,
    bool MsiTranslate,
    bool Seize,
    bool PowerManagement,
    bool IsRelaxed)
{
    /// <summary>What is written of a device that this specification found.</summary>
    /// <param name="host">The host's function.</param>
    /// <param name="name">The name it was given, or null.</param>
    internal NewDevice Describe(PciAddress host, string? name)
    {
        // As libxl: the slot's function 0, unless all functions keep their numbers.
        int devfn = VirtualSlot is { } slot ? (slot << 3) | (IsAllFunctions ? host.Function : 0) : 0;
        string options = $"msitranslate={Digit(MsiTranslate)},power_mgmt={Digit(PowerManagement)},permissive={Digit(Permissive)},"
            + $"rdm_policy={(IsRelaxed ? "relaxed" : "strict")}";
        return new(host, options, (byte)devfn, name);
    }

    private static int Digit(bool value) => value ? 1 : 0;
}
