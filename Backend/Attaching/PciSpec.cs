using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// A device in xl's words: <c>[DDDD:]BB:SS.F[@VSLOT][,permissive=1,…]</c>, or <c>KEY=VALUE,…</c> with a selector's key (<see cref="SelectorForms"/>).
/// </summary>
/// <param name="Device">The host's device; of <paramref name="IsAllFunctions"/> the address of function 0.</param>
/// <param name="IsAllFunctions">Whether the function was <c>*</c>: all functions of the slot.</param>
/// <param name="VirtualSlot">The slot in the guest, 0 to 31, or null for any.</param>
/// <param name="Permissive">Whether the guest may write registers that nobody knows.</param>
/// <param name="MsiTranslate">xl's <c>msitranslate</c>: kept, without effect for PV guests.</param>
/// <param name="Seize">Whether it is taken from the host if it isn't held yet.</param>
/// <param name="PowerManagement">xl's <c>power_mgmt</c>: kept, without effect for PV guests.</param>
/// <param name="IsRelaxed">xl's <c>rdm_policy=relaxed</c>.</param>
public sealed partial record PciSpec(
    DeviceSelector Device,
    bool IsAllFunctions,
    byte? VirtualSlot,
    bool Permissive,
    bool MsiTranslate,
    bool Seize,
    bool PowerManagement,
    bool IsRelaxed)
{
    /// <summary>The address that was given; null when the device is named otherwise.</summary>
    public PciAddress? Address => (Device as AddressSelector)?.Address;

    /// <summary>What is written of a device that this specification found.</summary>
    /// <param name="host">The host's function.</param>
    /// <param name="name">The name it was given, or null.</param>
    /// <param name="isLone">Whether no other function of its card is held: no sibling can come that would want number 0.</param>
    internal NewDevice Describe(PciAddress host, string? name, bool isLone)
    {
        // As libxl: the slot's function 0, unless all functions keep their numbers.
        byte? devfn = VirtualSlot is { } slot ? (byte)((slot << 3) | (IsAllFunctions ? host.Function : 0)) : null;
        string options = $"msitranslate={Digit(MsiTranslate)},power_mgmt={Digit(PowerManagement)},permissive={Digit(Permissive)},"
            + $"rdm_policy={(IsRelaxed ? "relaxed" : "strict")}";
        return new(host, devfn is null && isLone && host.Function != 0 ? $"{options},{ToolstackOptions.Lone}=1" : options, devfn, name);
    }

    private static int Digit(bool value) => value ? 1 : 0;
}
