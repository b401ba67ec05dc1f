using System.Collections.Immutable;

namespace PciBackFlow.Hardware.Hypervisor.Loopback.Store;

/// <summary>A xenstore node. Immutable: a root is a snapshot of everything below it.</summary>
/// <param name="Value">Its value.</param>
/// <param name="Permissions">Its permission list; the first entry is the owner.</param>
/// <param name="Children">Its children by name.</param>
/// <param name="Generation">
/// Changes with the value, the permissions and the set of children's names, not with what is below a child.
/// Never repeated, so that a node removed and made again differs.
/// </param>
internal sealed record StoreNode(
    string Value,
    ImmutableArray<XenStorePermission> Permissions,
    ImmutableSortedDictionary<string, StoreNode> Children,
    long Generation)
{
    /// <summary>The generation recorded for a node that was looked for and did not exist.</summary>
    internal const long Absent = 0;

    /// <summary>No children.</summary>
    internal static ImmutableSortedDictionary<string, StoreNode> NoChildren { get; } =
        ImmutableSortedDictionary.Create<string, StoreNode>(StringComparer.Ordinal);

    /// <summary>The domain that owns it.</summary>
    internal int Owner => Permissions[0].DomainId;

    /// <summary>The node at an absolute path below this root, or null.</summary>
    internal StoreNode? Find(string absolute)
    {
        StoreNode node = this;
        foreach (string name in StorePath.Split(absolute))
        {
            if (!node.Children.TryGetValue(name, out StoreNode? child))
            {
                return null;
            }

            node = child;
        }

        return node;
    }

    /// <summary>This tree with the node at a path replaced, removed (null) or added; its parent exists.</summary>
    internal StoreNode With(ReadOnlySpan<string> names, StoreNode? node)
    {
        if (names.IsEmpty)
        {
            return node!;
        }

        StoreNode? child = names.Length == 1 ? node : Children[names[0]].With(names[1..], node);
        return this with { Children = child is null ? Children.Remove(names[0]) : Children.SetItem(names[0], child) };
    }

    /// <summary>What a domain may do: domain 0 and the owner everything, others what their entry or the default says.</summary>
    internal XenStoreAccess AccessOf(int domainId)
    {
        if (domainId == 0 || domainId == Owner)
        {
            return XenStoreAccess.Both;
        }

        for (int i = 1; i < Permissions.Length; i++)
        {
            if (Permissions[i].DomainId == domainId)
            {
                return Permissions[i].Access;
            }
        }

        return Permissions[0].Access;
    }

    /// <summary>True when the domain has all of the wanted access.</summary>
    internal bool Allows(int domainId, XenStoreAccess wanted) => (AccessOf(domainId) & wanted) == wanted;
}
