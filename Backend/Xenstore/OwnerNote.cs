using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>libxl's note of who has a device: xl's own commands look there.</summary>
internal static class OwnerNote
{
    public static int? Read(IXenStoreAccess store, PciAddress device) =>
        GuestId.TryParseId(store.Read(StoreKeys.OwnerOf(device)), out int domainId) ? domainId : null;

    public static void Write(IXenStoreAccess store, PciAddress device, int domainId) =>
        store.Write(StoreKeys.OwnerOf(device), domainId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Removes the note if it names this guest; the device's other keys (name, driver) are the administrator's.</summary>
    public static void Remove(IXenStore store, PciAddress device, int domainId)
    {
        if (Read(store, device) == domainId)
        {
            store.Remove(StoreKeys.OwnerOf(device));
        }
    }
}
