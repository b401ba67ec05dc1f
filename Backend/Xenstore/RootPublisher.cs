using System.Globalization;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>
/// Publishes root buses as <c>root_num</c> and <c>root-K</c>. Roots that are there, from an earlier hot-plug or an earlier daemon, are
/// kept and not repeated; none is ever withdrawn, because frontends have scanned it.
/// </summary>
public static class RootPublisher
{
    /// <summary>Upper bound of published roots, so that a damaged <c>root_num</c> cannot keep the reader busy: one for each device.</summary>
    public const int MaxRoots = GuestNode.MaxDevices;

    /// <summary>Publishes the roots that are not published yet.</summary>
    /// <param name="store">Where.</param>
    /// <param name="backend">The backend directory.</param>
    /// <param name="roots">The roots a frontend needs.</param>
    /// <returns>Null, or why an existing key cannot be used; then nothing was written.</returns>
    /// <exception cref="HypervisorException">xenstore refused.</exception>
    public static string? Publish(IXenStoreAccess store, string backend, IReadOnlyList<RootBus> roots)
    {
        int count = 0;
        if (store.Read($"{backend}/root_num") is { } text)
        {
            if (!StoreFormats.TryParseDecimal(text, out uint number) || number > MaxRoots)
            {
                return $"root_num is not a number up to {MaxRoots}: '{StoreFormats.Printable(text)}'";
            }

            count = (int)number;
        }

        HashSet<RootBus> published = [];
        for (int i = 0; i < count; i++)
        {
            if (!StoreFormats.TryParseRoot(store.Read($"{backend}/root-{i}"), out uint domain, out byte bus))
            {
                return $"root-{i} is not a segment and a bus";
            }

            published.Add(new(domain, bus));
        }

        bool grown = false;
        foreach (RootBus root in roots)
        {
            if (!published.Add(root))
            {
                continue;
            }

            store.Write($"{backend}/root-{count++}", StoreFormats.FormatRoot(root.Domain, root.Bus));
            grown = true;
        }

        // The count last: a frontend that reads in between sees only complete entries.
        if (grown)
        {
            store.Write($"{backend}/root_num", count.ToString(CultureInfo.InvariantCulture));
        }

        return null;
    }
}
