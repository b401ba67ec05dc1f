namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// The rule of every byte of a function, read off the list of fields that Linux xen-pciback registers (conf_space_header.c,
/// conf_space_capability*.c, quirks apart), with what is denied in every policy on top. Later rows win.
/// </summary>
internal static class WriteRules
{
    /// <summary>Registers of the header, all types. Origin: PCI Local Bus 3.0 §6.1–6.2; xen-pciback header fields.</summary>
    private static readonly (int Offset, int Length, WriteRule Rule)[] CommonHeader =
    [
        (0x00, 4, WriteRule.Ignored), // vendor and device id
        (0x04, 2, WriteRule.Own), // Command: CommandRegisterTests
        (0x0C, 1, WriteRule.Through), // cache line size
        (0x0D, 1, WriteRule.Ignored), // latency timer
        (0x0F, 1, WriteRule.Own), // BIST: SelfTestTests
        (0x3C, 2, WriteRule.Ignored), // interrupt line and pin
    ];

    private static readonly (int Offset, int Length, WriteRule Rule)[] Endpoint =
    [
        (0x10, 24, WriteRule.Ignored), // BARs: hardware takes only the host's own value
        (0x30, 4, WriteRule.Ignored), // ROM
    ];

    /// <summary>Origin: PCI-to-PCI Bridge Architecture 1.2 §3.2; a guest must not redirect what lies behind a bridge.</summary>
    private static readonly (int Offset, int Length, WriteRule Rule)[] Bridge =
    [
        (0x10, 8, WriteRule.Ignored),
        (0x18, 3, WriteRule.HardDenied), // primary, secondary, subordinate bus
        (0x1B, 1, WriteRule.Open), // secondary latency timer
        (0x1C, 2, WriteRule.HardDenied), // I/O window
        (0x1E, 2, WriteRule.Open), // secondary status
        (0x20, 16, WriteRule.HardDenied), // memory windows and their upper halves
        (0x30, 4, WriteRule.HardDenied), // upper half of the I/O window
        (0x38, 4, WriteRule.Ignored), // ROM
        (0x3E, 2, WriteRule.Open), // bridge control
    ];

    /// <summary>Per standard capability id. Origin: xen-pciback's capability fields; XSA-128, XSA-129 for MSI.</summary>
    private static readonly (int Id, int Offset, int Length, WriteRule Rule)[] Standard =
    [
        (0x01, 0, 4, WriteRule.Ignored), // header, PMC
        (0x01, 4, 2, WriteRule.Own), // PMCSR: PowerManagementTests
        (0x01, 6, 2, WriteRule.Ignored), // bridge extensions, data
        (0x03, 0, 2, WriteRule.Ignored),
        (0x03, 2, 2, WriteRule.Own), // VPD address: VitalProductDataTests
        (0x03, 4, 4, WriteRule.Ignored), // VPD data
        (0x05, 0, 2, WriteRule.Ignored),
        (0x05, 2, 2, WriteRule.Own), // MSI control: MessageControlTests
        (0x11, 0, 2, WriteRule.Ignored),
        (0x11, 2, 2, WriteRule.Own), // MSI-X control: MessageControlTests
        (0x11, 4, 8, WriteRule.Open), // table and PBA offsets: read-only in hardware
        (0x10, 9, 1, WriteRule.Open), // Device Control, high byte: bit 15 resets the function
        (0x13, 2, 2, WriteRule.Open), // AF length and capabilities: read-only in hardware
        (0x09, 2, 1, WriteRule.Open), // vendor-specific length: read-only in hardware
        (0x13, 4, 1, WriteRule.Open), // AF control: bit 0 resets the function
    ];

    /// <summary>
    /// Extended capabilities that no policy opens: id, first byte behind the header, length. Origin: PCI Express Base 4.0
    /// §7.8–7.9, SR-IOV 1.1 §3.3, ATS 1.1 §5.
    /// </summary>
    private static readonly (int Id, int Offset, int Length)[] DeniedExtended =
    [
        (0x0D, 6, 2), // ACS control
        (0x0F, 6, 2), // ATS control
        (0x10, 8, 2), // SR-IOV control
        (0x10, 0x10, 2), // NumVFs
        (0x10, 0x20, 0x1C), // system page size, VF BARs
        (0x13, 4, 4), // PRI control and status
        (0x13, 0x0C, 4), // outstanding page request allocation
        (0x1B, 6, 2), // PASID control
        (0x1D, 6, 4), // DPC control and status
    ];

    public static WriteRule[] Of(OracleImage image)
    {
        var rules = new WriteRule[image.Size];
        foreach ((int offset, int length, WriteRule rule) in CommonHeader)
        {
            Set(offset, length, rule);
        }

        foreach ((int offset, int length, WriteRule rule) in image.HeaderType == 1 ? Bridge : Endpoint)
        {
            Set(offset, length, rule);
        }

        var seen = new HashSet<int>();
        foreach ((int id, int at) in image.Standard)
        {
            // The identity of a capability is read-only in hardware; only four have a field for it in xen-pciback.
            Set(at, 2, WriteRule.Open);
            if (!seen.Add(id))
            {
                // Only the first of an id has fields.
                Set(at, Math.Min(0x18, image.Size - at), WriteRule.Open);
                continue;
            }

            foreach ((int owner, int offset, int length, WriteRule rule) in Standard)
            {
                if (owner == id)
                {
                    Set(at + offset, length, rule);
                }
            }

            if (id == 0x05)
            {
                // Behind 16 bits of data lie 16 reserved ones, or the extended message data of PCI Express Base 4.0 §7.7.1.7.
                Set(at + 4, MsiLength(image, at) - 2, WriteRule.Open);
                Set(at + 4, MsiLength(image, at) - 4, WriteRule.HardDenied);
            }
        }

        foreach ((int id, int at) in image.Extended)
        {
            Set(at, 4, WriteRule.Open);
            (int Owner, int Length)[] others =
            [(0x0D, 0x28), (0x0F, 8), (0x10, 0x40), (0x13, 0x10), (0x1B, 8), (0x1D, 0x60), (0x15, 4 + (8 * 6)), (0x24, 4 + (8 * 6))];
        foreach ((int owner, int length) in others)
            {
                // What lies beside the controls is read-only in hardware: nothing depends on it.
                if (owner == id)
                {
                    Loosen(at + 4, length - 4);
                }
            }

            foreach ((int owner, int offset, int length) in DeniedExtended)
            {
                if (owner == id)
                {
                    Set(at + offset, length, WriteRule.HardDenied);
                }
            }

            if (id is 0x0B or 0x23)
            {
                Set(at + 4, 4, WriteRule.Open); // second header of vendor-specific capabilities: read-only in hardware
            }

            if (id == 0x15 && at + 12 <= image.Size)
            {
                // Resizable BAR: as many pairs of capability and control as the first control says (bits 7:5).
                int count = (int)((image.Read(at + 8, 4) >> 5) & 7);
                for (int bar = 0; bar < count; bar++)
                {
                    Set(at + 8 + (8 * bar), 4, WriteRule.HardDenied);
                }
            }
        }

        if (image.HasStandardDefect)
        {
            DenyUnlisted(0x40, 0x100, image.Standard);
        }

        if (image.HasExtendedDefect)
        {
            DenyUnlisted(0x100, 0x1000, image.Extended);
        }

        return rules;

        // Behind a broken list lies nobody knows what: open is only what stands near a capability that the list does lead to. No registers of one are
        // longer than 0x48 bytes (AER: PCI Express Base 4.0 §7.8.4) but those of DeniedExtended.
        void DenyUnlisted(int from, int to, List<(int Id, int Offset)> list)
        {
            for (int at = from; at < to; at++)
            {
                if (rules[at] == WriteRule.Unknown && !list.Exists(capability => capability.Id <= 0x2E && at - capability.Offset is >= 0 and < 0x48))
                {
                    rules[at] = WriteRule.HardDenied;
                }
            }
        }

        void Set(int offset, int length, WriteRule rule)
        {
            for (int at = offset; at < offset + length && at < rules.Length; at++)
            {
                rules[at] = rule;
            }
        }

        void Loosen(int offset, int length)
        {
            for (int at = offset; at < offset + length && at < rules.Length; at++)
            {
                if (rules[at] == WriteRule.Unknown)
                {
                    rules[at] = WriteRule.Open;
                }
            }
        }
    }

    /// <summary>PCI Local Bus 3.0 §6.8.1: 64-bit addresses take 4 bytes more, per-vector masking 8 (behind 2 reserved) more.</summary>
    public static int MsiLength(OracleImage image, int at)
    {
        uint control = image.Read(at + 2, 2);
        int length = 10 + ((control & 0x80) != 0 ? 4 : 0);
        return (control & 0x100) != 0 ? length + 10 : length;
    }
}
