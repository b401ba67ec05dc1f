using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// Where a backend's directory says that its frontend is. The toolstack writes it, but a backend that follows it anywhere would serve one guest with
/// another's page: it must lie in the guest's own part of the store.
/// </summary>
internal static class FrontendLink
{
    private const int MaxPathLength = 256;

    /// <summary>Reads it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="guest">Whose.</param>
    /// <param name="error">What is wrong with it; null when it can be used.</param>
    /// <returns>The frontend's directory; null when it can't be used.</returns>
    public static string? Read(IXenStoreAccess store, GuestId guest, out string? error)
    {
        string backend = StoreKeys.BackendOf(guest);
        string? id = store.Read(StoreKeys.In(backend, StoreKeys.FrontendId));
        if (!GuestId.TryParseId(id, out int domain))
        {
            error = id is null
                ? $"{StoreKeys.FrontendId} is missing"
                : $"{StoreKeys.FrontendId} is not a domain id: '{StoreFormats.Printable(id)}'";
            return null;
        }

        string? path = store.Read(StoreKeys.In(backend, StoreKeys.Frontend));
        if (string.IsNullOrEmpty(path))
        {
            error = path is null ? $"{StoreKeys.Frontend} is missing" : $"{StoreKeys.Frontend} is empty";
            return null;
        }

        error = domain != guest.DomainId
            ? $"{StoreKeys.FrontendId} {domain} is not the domain of this directory"
            : !IsBelow(path, $"{StoreKeys.HomeOf(domain)}/")
                ? $"{StoreKeys.Frontend} is not a path of domain {domain}: '{StoreFormats.Printable(path)}'"
                : null;
        return error is null ? path : null;
    }

    private static bool IsBelow(string path, string ancestor)
    {
        if (path.Length > MaxPathLength || path.Length == ancestor.Length || !path.StartsWith(ancestor, StringComparison.Ordinal))
        {
            return false;
        }

        foreach (string part in path[ancestor.Length..].Split('/'))
        {
            if (part.Length == 0 || part is "." or "..")
            {
                return false;
            }
        }

        return true;
    }
}
