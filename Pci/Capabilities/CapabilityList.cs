namespace PciBackFlow.Pci.Capabilities;

/// <summary>A function's capabilities in the order of its lists, standard before extended, and what was wrong with the lists.</summary>
/// <param name="Capabilities">What was found.</param>
/// <param name="Defects">What was wrong; empty for a well-formed function.</param>
public sealed record CapabilityList(IReadOnlyList<PciCapability> Capabilities, IReadOnlyList<CapabilityListDefect> Defects)
{
    /// <summary>The first standard capability of an id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="capability">The capability; default when there is none.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryFind(CapabilityId id, out PciCapability capability) => TryFind((ushort)id, false, out capability);

    /// <summary>The first extended capability of an id.</summary>
    /// <param name="id">The id.</param>
    /// <param name="capability">The capability; default when there is none.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryFind(ExtendedCapabilityId id, out PciCapability capability) => TryFind((ushort)id, true, out capability);

    private bool TryFind(ushort id, bool isExtended, out PciCapability found)
    {
        foreach (PciCapability capability in Capabilities)
        {
            if (capability.Id == id && capability.IsExtended == isExtended)
            {
                found = capability;
                return true;
            }
        }

        found = default;
        return false;
    }
}
