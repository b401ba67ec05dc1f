namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// What the change of a watched node can mean. Watches report more than anybody waits for, and a guest can make them:
/// what means nothing is dropped here.
/// </summary>
internal static class StoreChanges
{
    /// <summary>
    /// Whether a guest may have come further: of its keys only the states tell, because whoever writes the others writes one of them next. The directories
    /// themselves are named when they go.
    /// </summary>
    public static bool MayBeProgress(string node) => Name(node) is var name
        && (name.StartsWith(StoreKeys.State, StringComparison.Ordinal) || IsDirectory(name));

    /// <summary>Whether a guest may no longer have a device, by its keys: not what the backend publishes of a device, which changes most often.</summary>
    public static bool MayBeDeparture(string node) =>
        Name(node) is var name && (name is StoreKeys.State or StoreKeys.Online or StoreKeys.DeviceCount || StoreKeys.IsDevice(name) || IsDirectory(name));

    /// <summary>Whether any guest may have come or gone: the node is above all their directories, or one that is no guest's.</summary>
    public static bool MayBeAnyGuest(string node) =>
        StoreKeys.Guests.StartsWith(node, StringComparison.Ordinal) || node.StartsWith(StoreKeys.Guests, StringComparison.Ordinal);

    // A guest's directory is called by its device id.
    private static bool IsDirectory(string name) => name == "0";

    private static string Name(string node) => node[(node.LastIndexOf('/') + 1)..];
}
