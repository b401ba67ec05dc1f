using System.Runtime.InteropServices;

namespace PciBackFlow.Perf.Frontends;

/// <summary>A request as a frontend words it: the fields of <c>struct xen_pci_op</c> that precede its MSI-X table (Xen public header io/pciif.h).</summary>
[StructLayout(LayoutKind.Auto)]
public struct FrontendRequest
{
    /// <summary>Opcode of a configuration read.</summary>
    public const uint ConfigRead = 0;

    /// <summary>Opcode of a configuration write.</summary>
    public const uint ConfigWrite = 1;

    /// <summary>Opcode that enables one MSI vector.</summary>
    public const uint EnableMsi = 2;

    /// <summary>Opcode that disables MSI; Linux sends it for MSI-X too.</summary>
    public const uint DisableMsi = 3;

    /// <summary>Opcode that enables the MSI-X entries in the page.</summary>
    public const uint EnableMsix = 4;

    /// <summary>Opcode that disables MSI-X.</summary>
    public const uint DisableMsix = 5;

    /// <summary>Opcode (XEN_PCI_OP_*): those above; anything else may be sent, to see it refused.</summary>
    public uint Command;

    /// <summary>Segment as the guest sees it.</summary>
    public uint Domain;

    /// <summary>Bus as the guest sees it.</summary>
    public uint Bus;

    /// <summary>(slot &lt;&lt; 3) | function as the guest sees it.</summary>
    public uint Devfn;

    /// <summary>Register offset; signed on the wire.</summary>
    public int Offset;

    /// <summary>Bytes; signed on the wire.</summary>
    public int Size;

    /// <summary>Value to write.</summary>
    public uint Value;

    /// <summary>Only opcode 10 uses it.</summary>
    public uint Info;

    /// <summary>A configuration read on the guest's bus 0000:00.</summary>
    /// <param name="devfn">Function as the guest sees it.</param>
    /// <param name="offset">Register offset.</param>
    /// <param name="size">Bytes.</param>
    /// <returns>The request.</returns>
    public static FrontendRequest Read(uint devfn, int offset, int size) =>
        new() { Command = ConfigRead, Devfn = devfn, Offset = offset, Size = size };

    /// <summary>A configuration write on the guest's bus 0000:00.</summary>
    /// <param name="devfn">Function as the guest sees it.</param>
    /// <param name="offset">Register offset.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="value">Value.</param>
    /// <returns>The request.</returns>
    public static FrontendRequest Write(uint devfn, int offset, int size, uint value) =>
        new() { Command = ConfigWrite, Devfn = devfn, Offset = offset, Size = size, Value = value };
}
