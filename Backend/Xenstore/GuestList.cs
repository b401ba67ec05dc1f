using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>Which guests have a backend directory.</summary>
internal static class GuestList
{
    /// <summary>Lists them; what is not named as a guest is skipped.</summary>
    /// <param name="store">The store.</param>
    /// <returns>The guests, while they are listed.</returns>
    /// <exception cref="HypervisorException">xenstore refused.</exception>
    public static IEnumerable<GuestId> Read(IXenStoreAccess store)
    {
        foreach (string domain in store.Directory(StoreKeys.Guests) ?? [])
        {
            if (!GuestId.TryParseId(domain, out int domainId))
            {
                continue;
            }

            foreach (string device in store.Directory(StoreKeys.In(StoreKeys.Guests, domain)) ?? [])
            {
                if (GuestId.TryParseId(device, out int deviceId))
                {
                    yield return new(domainId, deviceId);
                }
            }
        }
    }
}
