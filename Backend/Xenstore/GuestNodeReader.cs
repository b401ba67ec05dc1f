using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>Reads a guest's two xenstore directories. Everything below the frontend's is the guest's to write.</summary>
internal static class GuestNodeReader
{
    private const int MaxPathLength = 256;

    /// <summary>Reads both directories.</summary>
    /// <param name="store">The store.</param>
    /// <param name="domains">Who knows which domains live; null when nobody does, and all count as served.</param>
    /// <param name="guest">Which guest.</param>
    /// <param name="attached">The frontend's keys in use; null when nothing is attached.</param>
    /// <returns>What they hold, and the frontend directory when it can be used.</returns>
    public static (GuestNode Node, string? Frontend) Read(
        IXenStoreAccess store, IDomainControl? domains, GuestId guest, FrontendKeys? attached)
    {
        string backend = guest.Backend;

        // Before the keys are listed: who adds a device writes its keys and the count at once, so each device that is counted is in the list.
        string? count = store.Read($"{backend}/num_devs");
        if (store.Directory(backend) is not { } keys)
        {
            return (new() { Exists = false }, null);
        }

        string? frontend = ReadFrontendPath(store, guest, out string? frontendError);
        DeviceNode[] devices = ReadDevices(store, backend, count, keys, out string? devicesError);
        GuestNode node = new()
        {
            Exists = true,
            Backend = StoreFormats.ParseState(store.Read($"{backend}/state")),
            Frontend = frontend is null ? XenbusState.Unknown : StoreFormats.ParseState(store.Read($"{frontend}/state")),
            Online = store.Read($"{backend}/online") == "1",
            FrontendKeysChanged = attached is not null && frontend is not null && FrontendKeys.Read(store, frontend) != attached,
            Devices = devices,
            DevicesError = devicesError,
            FrontendError = frontendError,
            Domain = domains.StandingOf(guest.DomainId),
        };
        return (node, frontend);
    }

    /// <summary>Reads the backend's directory alone, within a transaction.</summary>
    /// <param name="store">The transaction.</param>
    /// <param name="guest">Which guest.</param>
    /// <param name="seen">What was seen of everything else.</param>
    /// <returns>It, with the backend's directory as it is at one moment.</returns>
    public static GuestNode ReadBackend(IXenStoreAccess store, GuestId guest, GuestNode seen)
    {
        string backend = guest.Backend;
        if (store.Directory(backend) is not { } keys)
        {
            return new() { Exists = false };
        }

        DeviceNode[] devices = ReadDevices(store, backend, store.Read($"{backend}/num_devs"), keys, out string? devicesError);
        return seen with
        {
            Backend = StoreFormats.ParseState(store.Read($"{backend}/state")),
            Online = store.Read($"{backend}/online") == "1",
            Devices = devices,
            DevicesError = devicesError,
        };
    }

    /// <summary>
    /// The frontend's directory. The toolstack writes the key, but a backend that follows it anywhere would serve one guest with
    /// another's page: it must lie in the guest's own part of the store.
    /// </summary>
    private static string? ReadFrontendPath(IXenStoreAccess store, GuestId guest, out string? error)
    {
        string? id = store.Read($"{guest.Backend}/frontend-id");
        if (!GuestId.TryParseId(id, out int domain))
        {
            error = id is null ? "frontend-id is missing" : $"frontend-id is not a domain id: '{StoreFormats.Printable(id)}'";
            return null;
        }

        string? path = store.Read($"{guest.Backend}/frontend");
        if (string.IsNullOrEmpty(path))
        {
            error = path is null ? "frontend is missing" : "frontend is empty";
            return null;
        }

        error = domain != guest.DomainId
            ? $"frontend-id {domain} is not the domain of this directory"
            : !IsBelow(path, $"/local/domain/{domain}/")
                ? $"frontend is not a path of domain {domain}: '{StoreFormats.Printable(path)}'"
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

    private static DeviceNode[] ReadDevices(IXenStoreAccess store, string backend, string? text, IReadOnlyList<string> keys, out string? error)
    {
        bool isNumber = StoreFormats.TryParseDecimal(text, out uint count);
        error = text is null ? "num_devs is missing"
            : !isNumber ? $"num_devs is not a number: '{StoreFormats.Printable(text)}'"
            : count > GuestNode.MaxDevices ? $"num_devs {count} is more than {GuestNode.MaxDevices}"
            : null;
        if (error is not null)
        {
            return [];
        }

        // Most devices lack some keys, and each request costs a round trip through xenstored.
        HashSet<string> present = [.. keys];
        var devices = new DeviceNode[count];
        for (int i = 0; i < devices.Length; i++)
        {
            string? host = Value($"dev-{i}");
            devices[i] = new(
                i,
                StoreFormats.TryParseAddress(host, out PciAddress address) ? address : null,
                host,
                StoreFormats.ParseState(Value($"state-{i}")),
                StoreFormats.TryParseAddress(Value($"vdev-{i}"), out PciAddress guest) ? guest : null,
                StoreFormats.TryParseDevfn(Value($"vdevfn-{i}"), out byte devfn) ? devfn : null)
            {
                Options = ToolstackOptions.Parse(i, Value($"opts-{i}")),
            };
        }

        return devices;

        string? Value(string key) => present.Contains(key) ? store.Read($"{backend}/{key}") : null;
    }
}
