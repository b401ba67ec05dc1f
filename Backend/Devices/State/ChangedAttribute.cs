using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.State;

/// <summary>A sysfs attribute that was changed while a device is held.</summary>
/// <param name="Function">Whose: the device's, or its port's.</param>
/// <param name="Attribute">Its file's name.</param>
/// <param name="Before">What it said.</param>
internal sealed record ChangedAttribute(PciAddress Function, string Attribute, string Before);
