using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// The root buses in a backend directory. Those that are there, from an earlier hot-plug or an earlier daemon, are
/// kept and not repeated; none is ever withdrawn, because frontends have scanned it.
/// </summary>
internal static class PublishedRoots
{
    // So that a damaged count cannot keep the reader busy: one for each device.
    private const int MaxRoots = GuestDirectory.MaxDevices;

    /// <summary>Whether the roots are published already: what is published is never withdrawn, so this needs no transaction.</summary>
    /// <param name="store">The store.</param>
    /// <param name="guest">Whose.</param>
    /// <param name="roots">The buses that the frontend is to scan, as the guest sees them.</param>
    /// <returns>False as well when an existing key cannot be used.</returns>
    /// <exception cref="HypervisorException">xenstore refused.</exception>
    public static bool Has(IXenStoreAccess store, GuestId guest, IReadOnlyList<PciBus> roots) =>
        Read(store, guest, out List<PciBus> published) is null && roots.All(published.Contains);

    /// <summary>Publishes the roots that are not published yet.</summary>
    /// <param name="store">A transaction.</param>
    /// <param name="guest">Whose.</param>
    /// <param name="roots">The buses that the frontend is to scan, as the guest sees them.</param>
    /// <returns>Null, or why an existing key cannot be used; then nothing was written.</returns>
    /// <exception cref="HypervisorException">xenstore refused.</exception>
    public static string? Add(IXenStoreAccess store, GuestId guest, IReadOnlyList<PciBus> roots)
    {
        string backend = StoreKeys.BackendOf(guest);
        if (Read(store, guest, out List<PciBus> published) is { } reason)
        {
            return reason;
        }

        int before = published.Count;
        foreach (PciBus root in roots)
        {
            if (!published.Contains(root))
            {
                store.Write(StoreKeys.In(backend, StoreKeys.Root(published.Count)), StoreFormats.FormatRoot(root));
                published.Add(root);
            }
        }

        // The count last: a frontend that reads in between sees only complete entries.
        if (published.Count > before)
        {
            store.Write(StoreKeys.In(backend, StoreKeys.RootCount), published.Count.ToString(CultureInfo.InvariantCulture));
        }

        return null;
    }

    // Null, or why a key cannot be used.
    private static string? Read(IXenStoreAccess store, GuestId guest, out List<PciBus> published)
    {
        string backend = StoreKeys.BackendOf(guest);
        published = [];
        uint count = 0;
        if (store.Read(StoreKeys.In(backend, StoreKeys.RootCount)) is { } text && (!StoreFormats.TryParseDecimal(text, out count) || count > MaxRoots))
        {
            return $"{StoreKeys.RootCount} is not a number up to {MaxRoots}: '{StoreFormats.Printable(text)}'";
        }

        for (int i = 0; i < count; i++)
        {
            if (!StoreFormats.TryParseRoot(store.Read(StoreKeys.In(backend, StoreKeys.Root(i))), out PciBus root))
            {
                return $"{StoreKeys.Root(i)} is not a segment and a bus";
            }

            published.Add(root);
        }

        return null;
    }
}
