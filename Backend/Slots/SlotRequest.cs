using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Slots;

/// <summary>A function that needs a place on a guest's bus.</summary>
/// <param name="Host">Its address on the host.</param>
/// <param name="IsVirtualFunction">Whether it is an SR-IOV virtual function: its header says nothing about siblings.</param>
/// <param name="BaseClass">Byte 0x0B of its configuration space (PCI Local Bus 3.0 §6.2.1); 6 is a bridge.</param>
/// <param name="Requested">The devfn the toolstack or an earlier publication asks for; null for any.</param>
public readonly record struct SlotRequest(PciAddress Host, bool IsVirtualFunction, byte BaseClass, byte? Requested)
{
    /// <summary>
    /// Whether it becomes function 0 of a slot that it has to itself, whatever its number on the host: a guest may look at no other without one.
    /// </summary>
    public bool IsLone { get; init; }
}
