namespace PciBackFlow.Cli.Top;

/// <summary>An order of the guests, chosen by a key.</summary>
/// <param name="Key">The key.</param>
/// <param name="What">By what, for people.</param>
/// <param name="Sort">Puts them in order.</param>
internal sealed record TopOrder(char Key, string What, Func<IEnumerable<TopGuest>, IEnumerable<TopGuest>> Sort)
{
    /// <summary>All of them; the first is the one to begin with. Guests that are equal in it stay by domain id.</summary>
    public static IReadOnlyList<TopOrder> All { get; } =
    [
        new('r', "requests per second", static guests => guests.OrderByDescending(static guest => guest.RequestsPerSecond)),
        new('d', "denied writes", static guests => guests.OrderByDescending(static guest => guest.Denied)),
        new('l', "late requests", static guests => guests.OrderByDescending(static guest => guest.Late)),
        new('f', "functions", static guests => guests.OrderByDescending(static guest => guest.Functions)),
        new('n', "name", static guests => guests.OrderBy(static guest => guest.Name, StringComparer.Ordinal)),
        new('i', "domain id", static guests => guests.OrderBy(static guest => guest.Domain)),
    ];
}
