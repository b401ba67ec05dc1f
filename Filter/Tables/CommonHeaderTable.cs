using PciBackFlow.Filter.Map;
using PciBackFlow.Pci;
using static PciBackFlow.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Filter.Tables;

/// <summary>The 16 bytes that every header begins with, and the last dword's interrupt registers (PCI Local Bus 3.0 §6.1, §6.2).</summary>
internal static class CommonHeaderTable
{
    /// <summary>Command bits that follow the guest's value alone: everything but the ones below (Linux xen-pciback, conf_space_header.c).</summary>
    internal const uint CommandVirtual = 0xFFFF & ~CommandGuest;

    /// <summary>Command bits a guest may have an influence on: master, special cycles, MWI, VGA snoop, wait cycle, fast back-to-back.</summary>
    internal const uint CommandGuest = CommandBits.BusMaster | CommandBits.SpecialCycles | CommandBits.MemoryWriteInvalidate
        | CommandBits.VgaPaletteSnoop | CommandBits.WaitCycle | CommandBits.FastBackToBack;

    // A guest that sees it looks for seven more functions (PCI Local Bus 3.0 §6.2.1).
    private const uint MultiFunction = 0x80;

    /// <summary>Those of them that reach hardware in the default profile: through the kernel's own calls.</summary>
    internal const uint CommandDefault = CommandBits.BusMaster | CommandBits.MemoryWriteInvalidate;

    internal static RegisterDefinition[] Rows(IPciFunction function, MapSettings settings, bool hidesSiblings) =>
    [
        new("Vendor ID", ConfigRegisters.VendorId, 2, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.1; a virtual function's from its host: SR-IOV 1.1 §3.4.1.1")
        {
            Virtual = All,
            Value = function.VendorId,
        },
        new("Device ID", ConfigRegisters.DeviceId, 2, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.1; a virtual function's from its host: SR-IOV 1.1 §3.4.1.2")
        {
            Virtual = All,
            Value = function.DeviceId,
        },
        new("Command", ConfigRegisters.Command, 2, WriteRule.SideEffect, "PCI Local Bus 3.0 §6.2.2; XSA-120, CVE-2015-8553")
        {
            Virtual = CommandVirtual,
            Writable = CommandVirtual | (IsPermissive(settings) ? CommandGuest : CommandDefault),
            EffectMask = 0xFFFF,
            Effect = PlanAction.Command,
            Note = CommandNote(settings),
        },
        new("Status", ConfigRegisters.Status, 2, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.3") { Rw1c = StatusBits.Errors },
        new("Revision ID", ConfigRegisters.RevisionId, 1, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.1") { Shadow = All },
        new("Class Code", ConfigRegisters.ClassCode, 3, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.1") { Shadow = All },
        new("Cache Line Size", ConfigRegisters.CacheLineSize, 1, WriteRule.Writable, "PCI Local Bus 3.0 §6.2.4") { Writable = All },
        new("Latency Timer", ConfigRegisters.LatencyTimer, 1, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.4"),
        new("Header Type", ConfigRegisters.HeaderType, 1, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.1")
        {
            Virtual = hidesSiblings ? MultiFunction : 0,
            Value = hidesSiblings ? 0 : null,
            Shadow = hidesSiblings ? All & ~MultiFunction : All,
            Note = hidesSiblings ? "its card's other functions are not with the guest, so that it reads as the only one" : string.Empty,
        },
        new("BIST", ConfigRegisters.Bist, 1, WriteRule.SideEffect, "PCI Local Bus 3.0 §6.2.4")
        {
            Writable = All,
            EffectMask = All,
            Effect = PlanAction.SelfTest,
            Note = "the test may be started (0x40), anything else is ignored",
        },
        new("Capabilities Pointer", ConfigRegisters.CapabilityPointer, 1, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.7") { Shadow = All },
        new("Reserved", ConfigRegisters.CapabilityPointer + 1, 3, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.1: reads 0") { Shadow = All },
        new(
            "Interrupt Line", ConfigRegisters.InterruptLine, 1, WriteRule.ReadOnly,
            "PCI Local Bus 3.0 §6.2.4; the number is the host's irq, by which a PV guest binds INTx")
        {
            Virtual = All,
            Value = function.InterruptLine,
        },
        new("Interrupt Pin", ConfigRegisters.InterruptPin, 1, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.4") { Shadow = All },
    ];

    private static bool IsPermissive(MapSettings settings) => (settings & MapSettings.Permissive) != 0;

    private static string CommandNote(MapSettings settings)
    {
        bool controlsLine = (settings & (MapSettings.InterruptControl | MapSettings.EmulatedLineInterrupt)) == MapSettings.InterruptControl;
        string follow = controlsLine ? "memory, I/O, parity and SERR" : "memory, I/O, parity, SERR and INTx";
        return $"{follow} bits follow the guest and do not reach hardware, decode is never switched off"
            + (controlsLine ? ", INTx disable is the guest's (allow_interrupt_control)" : string.Empty)
            + (IsPermissive(settings) ? ", the others are written through" : string.Empty);
    }
}
