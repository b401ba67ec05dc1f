using PciBackFlow.Backend.Attaching;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>A device about to be written into a backend directory.</summary>
/// <param name="Host">The host's function.</param>
/// <param name="Name">The name it was given, or null.</param>
/// <param name="RequestedDevfn">Where the guest should see it; 0 for anywhere, as libxl has it.</param>
/// <param name="Options">The value of <c>opts-N</c>.</param>
internal sealed record NewDevice(PciAddress Host, string? Name, byte RequestedDevfn, string Options)
{
    /// <summary>A device as a specification wants it.</summary>
    public static NewDevice From(PciSpec spec, PciAddress host, string? name)
    {
        // As libxl: the slot's function 0, unless all functions keep their numbers.
        int devfn = spec.VirtualSlot is { } slot ? (slot << 3) | (spec.IsAllFunctions ? host.Function : 0) : 0;
        string options = $"msitranslate={Digit(spec.MsiTranslate)},power_mgmt={Digit(spec.PowerManagement)},permissive={Digit(spec.Permissive)},"
            + $"rdm_policy={(spec.IsRelaxed ? "relaxed" : "strict")}";
        return new(host, name, (byte)devfn, options);
    }

    private static int Digit(bool value) => value ? 1 : 0;
}
