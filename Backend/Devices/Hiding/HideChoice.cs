using PciBackFlow.Backend.Selection;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Hiding;

/// <summary>What a hide list means on one host: the functions it names, and what it says of those items that name none. Immutable.</summary>
public sealed class HideChoice
{
    private readonly HashSet<PciAddress> _named = [];
    private readonly List<string> _remarks = [];

    internal HideChoice(HideList list, IReadOnlyCollection<DeviceCandidate> host)
    {
        foreach (HideItem item in list.Items)
        {
            DeviceCandidate[] fitting = [.. host.Where(candidate => item.Matches(candidate))];
            if (fitting.Length == 0)
            {
                _remarks.Add($"{item.Text} names no function of this host");
            }
            else if (item.Selector is not null && fitting.Length > 1)
            {
                // An address with a wildcard says that it means several; ids or a class do not.
                _remarks.Add(
                    $"{item.Text} fits {fitting.Length} functions, so that none is hidden: {string.Join<DeviceCandidate>(", ", fitting)}; "
                    + "name the one that is meant by its path");
            }
            else
            {
                _named.UnionWith(fitting.Select(static candidate => candidate.Address));
            }
        }
    }

    /// <summary>Items that hide nothing, each with the reason, in the list's order.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    /// <summary>Whether a function is named, or a bridge above it: naming a bridge means everything below it.</summary>
    /// <param name="function">The function.</param>
    /// <param name="bridgesAbove">The bridges on the way to it; none when absent.</param>
    /// <returns>True when it is; false of what Xen cannot know, behind whatever it lies.</returns>
    public bool Covers(PciAddress function, params IEnumerable<PciAddress> bridgesAbove) =>
        XenSegments.Know(function) && bridgesAbove.Prepend(function).Any(_named.Contains);
}
