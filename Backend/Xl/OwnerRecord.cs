using System.Globalization;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xl;

/// <summary>libxl's note of who has a device, <c>/libxl/pci/DDDD-BB-DD-F/domid</c>: xl's own commands look there.</summary>
internal static class OwnerRecord
{
    private const string Key = "domid";

    public static int? Read(IXenStoreAccess store, PciAddress device) =>
        GuestId.TryParseId(store.Read($"{Path(device)}/{Key}"), out int domainId) ? domainId : null;

    public static void Write(IXenStoreAccess store, PciAddress device, int domainId) =>
        store.Write($"{Path(device)}/{Key}", domainId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Removes the note if it names this guest; the device's other keys (name, driver) are the administrator's.</summary>
    public static void Remove(IXenStore store, PciAddress device, int domainId)
    {
        if (Read(store, device) == domainId)
        {
            store.Remove($"{Path(device)}/{Key}");
        }
    }

    private static string Path(PciAddress device) => $"/libxl/pci/{device.Domain:x4}-{device.Bus:x2}-{device.Slot:x2}-{device.Function:x1}";
}
