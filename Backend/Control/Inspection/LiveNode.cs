using System.Text.Json.Nodes;
using PciBackFlow.Hardware.Text;

namespace PciBackFlow.Backend.Control.Inspection;

/// <summary>A place in the live tree: a value, or named places below it, each of which is only made when somebody looks at it.</summary>
internal sealed class LiveNode
{
    private readonly IReadOnlyList<(string Name, Func<LiveNode> Open)> _children;
    private readonly JsonNode? _value;
    private readonly bool _isBranch;

    private LiveNode(bool isBranch, JsonNode? value, IReadOnlyList<(string Name, Func<LiveNode> Open)> children)
    {
        _isBranch = isBranch;
        _value = value;
        _children = children;
    }

    /// <summary>A value.</summary>
    public static LiveNode Of(JsonNode? value) => new(isBranch: false, value, []);

    /// <summary>Places below, in the order in which they are printed.</summary>
    public static LiveNode Of(params IReadOnlyList<(string Name, Func<LiveNode> Open)> children) => new(isBranch: true, null, children);

    /// <summary>The members of a document, and further places beside them.</summary>
    public static LiveNode Of(JsonNode? document, params IReadOnlyList<(string Name, Func<LiveNode> Open)> beside)
    {
        JsonObject members = document as JsonObject ?? [];
        HashSet<string> replaced = [.. beside.Select(static child => child.Name)];
        return Of([
            .. members.Where(member => !replaced.Contains(member.Key)).Select(static member => (member.Key, (Func<LiveNode>)(() => Of(member.Value)))),
            .. beside,
        ]);
    }

    /// <summary>Goes down to a place.</summary>
    /// <param name="path">Names separated by slashes; of an array's items their numbers. Empty for this one.</param>
    /// <returns>What is there.</returns>
    /// <exception cref="BackendException">There is no such place; says what there is.</exception>
    public JsonNode? Find(string path)
    {
        LiveNode at = this;
        string where = "the tree";
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            IReadOnlyList<(string Name, Func<LiveNode> Open)> children = at.Below();
            int index = children.ToList().FindIndex(child => child.Name == name);
            if (index < 0)
            {
                string there = children.Count == 0 ? "nothing" : string.Join(", ", children.Select(static child => child.Name));
                throw new BackendException(BackendFailure.Failed, $"there is no '{ForeignText.Shown(name, limit: 64)}' in {where}; there is {there}");
            }

            at = children[index].Open();
            where = children[index].Name;
        }

        return at.ToJson();
    }

    // Of a value: its members, or its items by number.
    private IReadOnlyList<(string Name, Func<LiveNode> Open)> Below() => _isBranch ? _children : _value switch
    {
        JsonObject members => [.. members.Select(static member => (member.Key, (Func<LiveNode>)(() => Of(member.Value))))],
        JsonArray items => [.. items.Select(static (item, index) => (
            index.ToString(System.Globalization.CultureInfo.InvariantCulture), (Func<LiveNode>)(() => Of(item))))],
        _ => [],
    };

    // A node has one parent: what belongs to a document is copied out of it.
    private JsonNode? ToJson() => _isBranch
        ? new JsonObject(_children.Select(static child => KeyValuePair.Create(child.Name, child.Open().ToJson())))
        : _value?.DeepClone();
}
