namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// Which dwords of a function can't change behind the backend's back, with the specification's section as proof. Every other
/// dword can: status, logs, what the host's kernel or the hypervisor writes (MSI; cache line size and latency timer; masks),
/// what follows such a write (Link Capabilities' exit latencies depend on the common clock, PCIe 4.0 §7.5.3.6), BIST, and
/// device-specific and unknown bytes.
/// Written from the specifications, independently of the product's tables.
/// </summary>
internal static class VolatileRegisters
{
    /// <summary>Dwords of the header. BARs and ROM are answered from the host's resources, whatever the register holds.</summary>
    private static readonly (int Offset, int Length, string Proof)[] StaticEndpointHeader =
    [
        (0x00, 4, "PCI 3.0 §6.2.1 vendor and device id, read-only"),
        (0x08, 4, "PCI 3.0 §6.2.1 revision and class, read-only"),
        (0x10, 24, "PCI 3.0 §6.2.5.1 BARs: virtual"),
        (0x28, 4, "PCI 3.0 §6.2.4 CardBus CIS pointer, read-only"),
        (0x2C, 4, "PCI 3.0 §6.2.4 subsystem ids, set before software sees them"),
        (0x30, 4, "PCI 3.0 §6.2.5.2 expansion ROM: virtual"),
        (0x34, 8, "PCI 3.0 §6.2.4 capabilities pointer, reserved bytes"),
        (0x3C, 4, "PCI 3.0 §6.2.4 interrupt line (virtual), pin, Min_Gnt, Max_Lat, read-only"),
    ];

    private static readonly (int Offset, int Length, string Proof)[] StaticBridgeHeader =
    [
        (0x00, 4, "PCI 3.0 §6.2.1"),
        (0x08, 4, "PCI 3.0 §6.2.1"),
        (0x10, 8, "Bridge 1.2 §3.2.5.1 BARs: virtual"),
        (0x34, 4, "Bridge 1.2 §3.2.5.13 capabilities pointer"),
        (0x38, 4, "Bridge 1.2 §3.2.5.14 expansion ROM: virtual"),
    ];

    private static readonly (int Id, int Offset, int Length, string Proof)[] StaticStandard =
    [
        (0x01, 0, 4, "PM 1.2 §3.2.3 PMC, read-only"),
        (0x0D, 0, 8, "Bridge 1.2 §3.2.5.15 subsystem ids, read-only"),
        (0x10, 0, 8, "PCIe 4.0 §7.5.3.1–3 header, PCIe and device capabilities, HwInit or read-only"),
        (0x10, 0x14, 4, "PCIe 4.0 §7.5.3.9 slot capabilities, HwInit"),
        (0x10, 0x24, 4, "PCIe 4.0 §7.5.3.15 device capabilities 2"),
        (0x10, 0x2C, 4, "PCIe 4.0 §7.5.3.18 link capabilities 2"),
        (0x10, 0x34, 4, "PCIe 4.0 §7.5.3.21 slot capabilities 2"),
        (0x11, 4, 8, "PCI 3.0 §6.8.2.4–5 table and PBA offsets, read-only"),
        (0x13, 0, 4, "Advanced Capabilities ECN: header, length, AF capabilities"),
    ];

    private static readonly (int Id, int Offset, int Length, string Proof)[] StaticExtended =
    [
        (0x03, 4, 8, "PCIe 4.0 §7.9.3.2 serial number, read-only"),
        (0x02, 4, 8, "PCIe 4.0 §7.9.1.2–3 port VC capabilities 1 and 2, read-only"),
        (0x09, 4, 8, "PCIe 4.0 §7.9.1.2–3"),
        (0x0B, 4, 4, "PCIe 4.0 §7.9.5.2 vendor-specific header, read-only"),
        (0x23, 4, 4, "PCIe 4.0 §7.9.6.2 designated vendor-specific header 1, read-only"),
        (0x10, 4, 4, "SR-IOV 1.1 §3.3.2 SR-IOV capabilities, read-only"),
        (0x10, 0x18, 8, "SR-IOV 1.1 §3.3.11–12 VF device id, supported page sizes, read-only"),
        (0x15, 4, 4, "PCIe 4.0 §7.8.6.2 resizable BAR capability, read-only"),
        (0x16, 4, 4, "PCIe 4.0 §7.9.12.2 DPA capability, read-only"),
        (0x17, 4, 4, "PCIe 4.0 §7.9.13.2 TPH requester capability, read-only"),
        (0x1F, 4, 4, "PCIe 4.0 §7.9.16.2 PTM capability, read-only"),
        (0x1E, 4, 4, "PCIe 4.0 §7.8.3.2 L1 PM substates capabilities, HwInit"),
    ];

    /// <summary>For each dword, null when it can change, else why it cannot.</summary>
    public static string?[] Proofs(OracleImage image)
    {
        string?[] proofs = new string?[image.Size / 4];
        foreach ((int offset, int length, string? proof) in image.HeaderType == 1 ? StaticBridgeHeader : StaticEndpointHeader)
        {
            Set(offset, length, proof);
        }

        foreach ((int id, int at) in image.Standard)
        {
            foreach ((int owner, int offset, int length, string? proof) in StaticStandard)
            {
                if (owner == id && offset < Length(image, id, at))
                {
                    Set(at + offset, length, proof);
                }
            }
        }

        foreach ((int id, int at) in image.Extended)
        {
            Set(at, 4, "PCIe 4.0 §7.6.3 extended capability header, read-only");
            foreach ((int owner, int offset, int length, string? proof) in StaticExtended)
            {
                if (owner == id)
                {
                    Set(at + offset, length, proof);
                }
            }
        }

        return proofs;

        void Set(int offset, int length, string proof)
        {
            for (int at = offset; at < offset + length && at < image.Size; at += 4)
            {
                proofs[at / 4] = proof;
            }
        }
    }

    /// <summary>Where a dword lies, for messages: the same place in every function reads the same.</summary>
    public static string Place(OracleImage image, int offset)
    {
        if (offset < 0x40)
        {
            return $"type {image.HeaderType} header+{offset:x2}";
        }

        (int id, int at) = offset < 0x100
            ? image.Standard.Where(capability => capability.Offset <= offset).OrderBy(capability => capability.Offset).LastOrDefault()
            : image.Extended.Where(capability => capability.Offset <= offset).OrderBy(capability => capability.Offset).LastOrDefault();
        return at == 0 ? $"no capability before {offset:x}" : $"{(offset < 0x100 ? "cap" : "ecap")} {id:x2}+{offset - at:x2}";
    }

    /// <summary>
    /// Only the PCI Express capability's length depends on its version: version 1 may end behind the registers
    /// its port type has (PCIe 1.1 §7.8).
    /// </summary>
    private static int Length(OracleImage image, int id, int at)
    {
        if (id != 0x10 || at + 4 > image.Size)
        {
            return int.MaxValue;
        }

        uint flags = image.Read(at + 2, 2);
        if ((flags & 0xF) >= 2)
        {
            return 0x3C;
        }

        return ((flags >> 4) & 0xF) switch
        {
            4 or 10 => 0x24, // root port, root complex event collector
            5 or 6 when (flags & 0x100) != 0 => 0x1C,
            6 => 0x1C,
            9 => 0x0C, // integrated endpoint: no link
            _ => 0x14,
        };
    }
}
