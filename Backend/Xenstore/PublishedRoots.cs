using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// The root buses in a backend directory. Those that are there, from an earlier hot-plug or an earlier daemon, are
/// kept and not repeated; none is ever withdrawn, because frontends have scanned it.
/// </summary>
internal static class PublishedRoots
{
    // So that a damaged count cannot keep the reader busy: one for each device.
    private const int MaxRoots = GuestDirectory.MaxDevices;

    /// <summary>Publishes the roots that are not published yet.</summary>
    /// <param name="store">A transaction.</param>
    /// <param name="guest">Whose.</param>
    /// <param name="roots">The buses that the frontend is to scan, as the guest sees them.</param>
    /// <returns>Null, or why an existing key cannot be used; then nothing was written.</returns>
    /// <exception cref="HypervisorException">xenstore refused.</exception>
    public static string? Add(IXenStoreAccess store, GuestId guest, IReadOnlyList<PciBus> roots)
    {
        string backend = StoreKeys.BackendOf(guest);
        int count = 0;
        if (store.Read(StoreKeys.In(backend, StoreKeys.RootCount)) is { } text)
        {
            if (!StoreFormats.TryParseDecimal(text, out uint number) || number > MaxRoots)
            {
                return $"{StoreKeys.RootCount} is not a number up to {MaxRoots}: '{StoreFormats.Printable(text)}'";
            }

            count = (int)number;
        }

        HashSet<PciBus> published = [];
        for (int i = 0; i < count; i++)
        {
            if (!StoreFormats.TryParseRoot(store.Read(StoreKeys.In(backend, StoreKeys.Root(i))), out PciBus root))
            {
                return $"{StoreKeys.Root(i)} is not a segment and a bus";
            }

            published.Add(root);
        }

        bool grown = false;
        foreach (PciBus root in roots)
        {
            if (!published.Add(root))
            {
                continue;
            }

            store.Write(StoreKeys.In(backend, StoreKeys.Root(count++)), StoreFormats.FormatRoot(root));
            grown = true;
        }

        // The count last: a frontend that reads in between sees only complete entries.
        if (grown)
        {
            store.Write(StoreKeys.In(backend, StoreKeys.RootCount), count.ToString(CultureInfo.InvariantCulture));
        }

        return null;
    }
}
