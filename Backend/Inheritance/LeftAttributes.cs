using PciBackFlow.Backend.Policy;

namespace PciBackFlow.Backend.Inheritance;

/// <summary>What toolstacks wrote into pciback's attributes, for the guests that have the devices or get them next.</summary>
/// <param name="Format">The form of this document: <see cref="LeftGuest.CurrentFormat"/>.</param>
/// <param name="Boot">The host's boot.</param>
/// <param name="Devices">A device each.</param>
internal sealed record LeftAttributes(int Format, string Boot, PcibackSetting[] Devices);
