using PciBackFlow.Pci;
using PciBackFlow.Pci.Capabilities;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// The registers of one function that message interrupts are made of (PCI Local Bus 3.0 §6.8). Found in hardware, whatever the guest may see of them.
/// The controls are written as 2 bytes and nothing else: Xen refuses every other write of domain 0 to these capabilities (xen/arch/x86/msi.c,
/// pci_msi_conf_write_intercept). Not thread-safe: the caller has the function's lock.
/// </summary>
internal sealed class MessageRegisters
{
    private readonly IPciFunction _hardware;
    private readonly int _msi;
    private readonly int _msix;
    private readonly int _power;

    private MessageRegisters(IPciFunction hardware, int msi, int msix, int power)
    {
        _hardware = hardware;
        _msi = msi;
        _msix = msix;
        _power = power;
    }

    /// <summary>Whether it has the MSI capability: what concerns it may be used only then.</summary>
    public bool HasMsi => _msi != 0;

    /// <summary>Whether it has the MSI-X capability: what concerns it may be used only then.</summary>
    public bool HasMsix => _msix != 0;

    /// <summary>Looks for them.</summary>
    public static MessageRegisters Find(IPciFunction hardware)
    {
        CapabilityList list = CapabilityWalk.Read(hardware);
        int msi = OffsetOf(CapabilityId.Msi, MsiRegisters.AddressHigh);
        int msix = OffsetOf(CapabilityId.MsiX, MsiXRegisters.Size);
        return new(hardware, msi, msix, OffsetOf(CapabilityId.PowerManagement, PowerManagementRegisters.Size));

        int OffsetOf(CapabilityId id, int length) =>
            list.TryFind(id, out PciCapability found) && found.Offset + length <= hardware.Size ? found.Offset : 0;
    }

    /// <summary>Whether the function is in D0: in no other state does it answer memory accesses or send messages.</summary>
    public bool IsInD0() => _power == 0
        || (_hardware.TryRead(_power + PowerManagementRegisters.ControlStatus, 2, out uint control)
            && !NoAnswer.Is(control, 2) && (control & PowerManagementRegisters.PowerState) == 0);

    /// <summary>
    /// Whether the MSI-X table in the function's memory can be reached. Touching one that is not decoded can bring the host down (XSA-157,
    /// CVE-2015-8553).
    /// </summary>
    public bool DecodesMemory() => _hardware.IsVirtualFunction
        ? _hardware.PhysicalFunctionDecodesMemory()
        : TryRead(ConfigRegisters.Command, out uint command) && (command & CommandBits.Memory) != 0;

    /// <summary>Reads MSI's Message Control.</summary>
    /// <returns>False when the access failed or nobody answers.</returns>
    public bool TryReadMsi(out uint control) => TryRead(_msi + MsiRegisters.Control, out control);

    /// <summary>Writes MSI's Message Control.</summary>
    public bool TryWriteMsi(uint control) => _hardware.TryWrite(_msi + MsiRegisters.Control, 2, control);

    /// <summary>Reads MSI-X's Message Control.</summary>
    /// <returns>False when the access failed or nobody answers.</returns>
    public bool TryReadMsix(out uint control) => TryRead(_msix + MsiXRegisters.Control, out control);

    /// <summary>Writes MSI-X's Message Control.</summary>
    public bool TryWriteMsix(uint control) => _hardware.TryWrite(_msix + MsiXRegisters.Control, 2, control);

    /// <summary>
    /// Where the region with the MSI-X table begins: by the host's own resources, never by what base address registers hold now (XSA-337:
    /// the guest may have had its hands on the device).
    /// </summary>
    /// <returns>False when the host has no memory resource there.</returns>
    public bool TryFindTable(out ulong start)
    {
        start = 0;
        if (!_hardware.TryRead(_msix + MsiXRegisters.Table, 4, out uint table))
        {
            return false;
        }

        int index = (int)(table & MsiXRegisters.Bir);
        if (index > 5 || index >= _hardware.BaseAddresses.Count || _hardware.BaseAddresses[index] is not { IsAssigned: true, IsIo: false } region)
        {
            return false;
        }

        if ((table & MsiXRegisters.OffsetMask) >= region.Length)
        {
            return false;
        }

        start = region.Start;
        return true;
    }

    /// <summary>Sets or clears Interrupt Disable, leaving the rest of Command as it is.</summary>
    /// <param name="isOff">Whether the line is to stay silent.</param>
    /// <param name="wasOff">Whether it was.</param>
    /// <returns>False when an access failed or nobody answers.</returns>
    public bool TrySilenceLine(bool isOff, out bool wasOff)
    {
        wasOff = false;
        if (!TryRead(ConfigRegisters.Command, out uint command))
        {
            return false;
        }

        wasOff = (command & CommandBits.InterruptDisable) != 0;
        return wasOff == isOff || _hardware.TryWrite(ConfigRegisters.Command, 2, command ^ CommandBits.InterruptDisable);
    }

    private bool TryRead(int offset, out uint value) => _hardware.TryRead(offset, 2, out value) && !NoAnswer.Is(value, 2);
}
