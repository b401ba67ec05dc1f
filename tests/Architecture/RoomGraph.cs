namespace PciBackFlow.Architecture.Tests;

/// <summary>
/// Which rooms of a layer use which others, as compiled, and by which types. A room is a folder and a namespace; the layer's own folder is a room too,
/// the <see cref="Root"/>.
/// </summary>
internal sealed class RoomGraph
{
    /// <summary>The room of what lies in the layer's own folder.</summary>
    public const string Root = "(root)";

    private readonly SortedDictionary<(string From, string To), List<string>> _edges = [];

    /// <param name="prefix">The layer's namespace.</param>
    /// <param name="uses">Which types use which, by full names.</param>
    /// <param name="depth">How many levels of folders are told apart; what lies deeper belongs to the room above it.</param>
    public RoomGraph(string prefix, IEnumerable<(string From, string To)> uses, int depth = int.MaxValue)
    {
        foreach ((string from, string to) in uses)
        {
            if (RoomOf(prefix, from, depth) is { } room && RoomOf(prefix, to, depth) is { } other && room != other)
            {
                if (!_edges.TryGetValue((room, other), out List<string>? witnesses))
                {
                    _edges.Add((room, other), witnesses = []);
                }

                witnesses.Add($"{NameOf(from)} → {NameOf(to)}");
            }
        }
    }

    /// <summary>All edges, in the order of their names.</summary>
    public IEnumerable<(string From, string To)> Edges => _edges.Keys;

    /// <summary>Rooms that use each other, directly or through others, with the types that do; empty when every way leads downwards.</summary>
    public IEnumerable<string> Cycles =>
        from edge in _edges
        where Reaches(edge.Key.To, edge.Key.From)
        select Describe(edge.Key);

    /// <summary>An edge and the first types that make it.</summary>
    public string Describe((string From, string To) edge) => $"{edge.From} uses {edge.To}: {string.Join(", ", _edges[edge].Order().Take(5))}";

    /// <summary>The room of a type; null outside the layer.</summary>
    public static string? RoomOf(string prefix, string type, int depth = int.MaxValue)
    {
        string space = type[..type.LastIndexOf('.')];
        if (space == prefix)
        {
            return Root;
        }

        return space.StartsWith(prefix + ".", StringComparison.Ordinal) ? string.Join('.', space[(prefix.Length + 1)..].Split('.').Take(depth)) : null;
    }

    private bool Reaches(string from, string to)
    {
        HashSet<string> seen = [];
        Stack<string> open = new([from]);
        while (open.TryPop(out string? room))
        {
            if (room == to)
            {
                return true;
            }

            if (seen.Add(room))
            {
                foreach ((string _, string next) in _edges.Keys.Where(edge => edge.From == room))
                {
                    open.Push(next);
                }
            }
        }

        return false;
    }

    private static string NameOf(string type) => type[(type.LastIndexOf('.') + 1)..].Split('`')[0];
}
