using PciBackFlow.Hardware.Pci;
using PciBackFlow.Stages.Filter.Map;
using static PciBackFlow.Stages.Filter.Tables.RegisterDefinition;

namespace PciBackFlow.Stages.Filter.Tables;

/// <summary>The 16 bytes that every header begins with, and the last dword's interrupt registers (PCI Local Bus 3.0 §6.1, §6.2).</summary>
internal static class CommonHeaderTable
{
    /// <summary>Command bits that follow the guest's value alone: everything but the ones below (Linux xen-pciback, conf_space_header.c).</summary>
    internal const uint CommandVirtual = 0xFFFF & ~CommandGuest;

    /// <summary>Command bits a guest may have an influence on: master, special cycles, MWI, VGA snoop, wait cycle, fast back-to-back.</summary>
    internal const uint CommandGuest = 0x02BC;

    /// <summary>Those of them that reach hardware in the default profile: through the kernel's own calls.</summary>
    internal const uint CommandDefault = CommandBits.BusMaster | CommandBits.MemoryWriteInvalidate;

    /// <summary>Status bits that clear on a one.</summary>
    internal const uint StatusErrors = 0xF900;

    internal static RegisterDefinition[] Rows(IPciFunction function, bool isPermissive) =>
    [
        new("Vendor ID", 0x00, 2, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.1; a virtual function's from its host: SR-IOV 1.1 §3.4.1.1") { Virtual = All, Value = function.VendorId },
        new("Device ID", 0x02, 2, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.1; a virtual function's from its host: SR-IOV 1.1 §3.4.1.2") { Virtual = All, Value = function.DeviceId },
        new("Command", 0x04, 2, WriteRule.SideEffect, "PCI Local Bus 3.0 §6.2.2; XSA-120, CVE-2015-8553")
        {
            Virtual = CommandVirtual,
            Writable = CommandVirtual | (isPermissive ? CommandGuest : CommandDefault),
            EffectMask = 0xFFFF,
            Effect = PlanAction.Command,
            Note = "memory, I/O, parity, SERR and INTx bits follow the guest and do not reach hardware, decode is never switched off",
        },
        new("Status", 0x06, 2, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.3") { Rw1c = StatusErrors },
        new("Revision ID", 0x08, 1, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.1") { Shadow = All },
        new("Class Code", 0x09, 3, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.1") { Shadow = All },
        new("Cache Line Size", 0x0C, 1, WriteRule.Writable, "PCI Local Bus 3.0 §6.2.4") { Writable = All },
        new("Latency Timer", 0x0D, 1, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.4"),
        new("Header Type", 0x0E, 1, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.2.1") { Shadow = All },
        new("BIST", 0x0F, 1, WriteRule.SideEffect, "PCI Local Bus 3.0 §6.2.4")
        {
            Writable = All,
            EffectMask = All,
            Effect = PlanAction.SelfTest,
            Note = "the test may be started (0x40), anything else is ignored",
        },
        new("Capabilities Pointer", 0x34, 1, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.7") { Shadow = All },
        new("Reserved", 0x35, 3, WriteRule.ByPolicy, "PCI Local Bus 3.0 §6.1: reads 0") { Shadow = All },
        new("Interrupt Line", 0x3C, 1, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.4; the number is the host's irq, by which a PV guest binds INTx") { Virtual = All, Value = function.InterruptLine },
        new("Interrupt Pin", 0x3D, 1, WriteRule.ReadOnly, "PCI Local Bus 3.0 §6.2.4") { Shadow = All },
    ];
}
