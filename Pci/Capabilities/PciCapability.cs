namespace PciBackFlow.Pci.Capabilities;

/// <summary>One capability found in a function's standard or extended list.</summary>
/// <param name="Id">Its id: 8 bits in the standard list, 16 in the extended one; unknown ids stay as they are.</param>
/// <param name="Offset">Where it begins; a multiple of 4, from 0x40 in the standard list, from 0x100 in the extended one.</param>
/// <param name="Version">Version of an extended capability, 0 to 15; 0 for a standard one, whose version lies in its own registers.</param>
/// <param name="IsExtended">Which list it is in.</param>
public readonly record struct PciCapability(ushort Id, int Offset, byte Version, bool IsExtended)
{
    /// <summary>The id of a standard capability.</summary>
    public CapabilityId StandardId => (CapabilityId)Id;

    /// <summary>The id of an extended capability.</summary>
    public ExtendedCapabilityId ExtendedId => (ExtendedCapabilityId)Id;
}
