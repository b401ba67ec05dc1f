namespace PciBackFlow.Pci.Capabilities;

/// <summary>
/// Names of capabilities: the full one of the PCI Code and ID Assignment specification, and the short one that setpci takes
/// behind <c>CAP_</c> and <c>ECAP_</c>. The tables are indexed by id.
/// </summary>
public static class CapabilityNames
{
    private static readonly (string Short, string Full)[] Standard =
    [
        ("null", "Null capability"),
        ("PM", "Power Management"),
        ("AGP", "AGP"),
        ("VPD", "Vital Product Data"),
        ("SLOTID", "Slot Identification"),
        ("MSI", "MSI"),
        ("CHSWP", "CompactPCI Hot Swap"),
        ("PCIX", "PCI-X"),
        ("HT", "HyperTransport"),
        ("VNDR", "Vendor-specific"),
        ("DBG", "Debug Port"),
        ("CCRC", "CompactPCI Central Resource Control"),
        ("HOTPLUG", "PCI Standard Hot-Plug"),
        ("SSVID", "Bridge Subsystem ID"),
        ("AGP3", "AGP 8X"),
        ("SECURE", "Secure Device"),
        ("EXP", "PCI Express"),
        ("MSIX", "MSI-X"),
        ("SATA", "SATA"),
        ("AF", "Advanced Features"),
        ("EA", "Enhanced Allocation"),
        ("FPB", "Flattening Portal Bridge"),
    ];

    private static readonly (string Short, string Full)[] Extended =
    [
        ("null", "Null capability"),
        ("AER", "Advanced Error Reporting"),
        ("VC", "Virtual Channel"),
        ("DSN", "Device Serial Number"),
        ("PB", "Power Budgeting"),
        ("RCLINK", "Root Complex Link Declaration"),
        ("RCILINK", "Root Complex Internal Link Control"),
        ("RCEC", "Root Complex Event Collector"),
        ("MFVC", "Multi-Function Virtual Channel"),
        ("VC2", "Virtual Channel (with MFVC)"),
        ("RBCB", "Root Complex Register Block"),
        ("VNDR", "Vendor-specific"),
        ("CAC", "Configuration Access Correlation"),
        ("ACS", "Access Control Services"),
        ("ARI", "Alternative Routing-ID"),
        ("ATS", "Address Translation Services"),
        ("SRIOV", "Single Root I/O Virtualization"),
        ("MRIOV", "Multi-Root I/O Virtualization"),
        ("MCAST", "Multicast"),
        ("PRI", "Page Request"),
        ("AMD", "Reserved for AMD"),
        ("REBAR", "Resizable BAR"),
        ("DPA", "Dynamic Power Allocation"),
        ("TPH", "TPH Requester"),
        ("LTR", "Latency Tolerance Reporting"),
        ("SECPCI", "Secondary PCI Express"),
        ("PMUX", "Protocol Multiplexing"),
        ("PASID", "Process Address Space ID"),
        ("LNR", "LN Requester"),
        ("DPC", "Downstream Port Containment"),
        ("L1PM", "L1 PM Substates"),
        ("PTM", "Precision Time Measurement"),
        ("MPCIE", "PCI Express over M-PHY"),
        ("FRS", "FRS Queueing"),
        ("RTR", "Readiness Time Reporting"),
        ("DVSEC", "Designated Vendor-Specific"),
        ("VFREBAR", "VF Resizable BAR"),
        ("DLNK", "Data Link Feature"),
        ("16GT", "Physical Layer 16.0 GT/s"),
        ("LMR", "Lane Margining at the Receiver"),
        ("HIER_ID", "Hierarchy ID"),
        ("NPEM", "Native PCIe Enclosure Management"),
        ("32GT", "Physical Layer 32.0 GT/s"),
        ("ALTPROT", "Alternate Protocol"),
        ("SFI", "System Firmware Intermediary"),
        ("SHADOW", "Shadow Functions"),
        ("DOE", "Data Object Exchange"),
        ("DEV3", "Device 3"),
        ("IDE", "Integrity and Data Encryption"),
        ("64GT", "Physical Layer 64.0 GT/s"),
        ("FLITLOG", "Flit Logging"),
        ("FLITPERF", "Flit Performance Measurement"),
        ("FLITERR", "Flit Error Injection"),
    ];

    /// <summary>The full name.</summary>
    /// <param name="id">A standard capability's id.</param>
    /// <returns><c>Power Management</c>; <c>capability 0x7f</c> when it has none.</returns>
    public static string Of(CapabilityId id) => (int)id < Standard.Length ? Standard[(int)id].Full : $"capability 0x{(int)id:x2}";

    /// <summary>The full name.</summary>
    /// <param name="id">An extended capability's id.</param>
    /// <returns><c>Advanced Error Reporting</c>; <c>extended capability 0x0123</c> when it has none.</returns>
    public static string Of(ExtendedCapabilityId id) =>
        (int)id < Extended.Length ? Extended[(int)id].Full : $"extended capability 0x{(int)id:x4}";

    /// <summary>The full name.</summary>
    /// <param name="capability">A capability of either list.</param>
    /// <returns>Its name.</returns>
    public static string Of(PciCapability capability) =>
        capability.IsExtended ? Of(capability.ExtendedId) : Of(capability.StandardId);

    /// <summary>The short name, as setpci's <c>CAP_</c> takes it.</summary>
    /// <param name="id">A standard capability's id.</param>
    /// <returns><c>PM</c>; <c>7f</c> (the number, which setpci takes as <c>CAP7F</c>) when it has none.</returns>
    public static string ShortOf(CapabilityId id) => (int)id < Standard.Length ? Standard[(int)id].Short : $"{(int)id:x2}";

    /// <summary>The short name, as setpci's <c>ECAP_</c> takes it.</summary>
    /// <param name="id">An extended capability's id.</param>
    /// <returns><c>AER</c>; the number when it has none.</returns>
    public static string ShortOf(ExtendedCapabilityId id) => (int)id < Extended.Length ? Extended[(int)id].Short : $"{(int)id:x4}";

    /// <summary>The id behind a short name.</summary>
    /// <param name="shortName"><c>PM</c>, either case.</param>
    /// <param name="id">The id.</param>
    /// <returns>Whether the name is known.</returns>
    public static bool TryFind(ReadOnlySpan<char> shortName, out CapabilityId id)
    {
        id = (CapabilityId)Math.Max(0, IndexOf(Standard, shortName));
        return id != CapabilityId.Null;
    }

    /// <summary>The id behind a short name.</summary>
    /// <param name="shortName"><c>AER</c>, either case.</param>
    /// <param name="id">The id.</param>
    /// <returns>Whether the name is known.</returns>
    public static bool TryFind(ReadOnlySpan<char> shortName, out ExtendedCapabilityId id)
    {
        id = (ExtendedCapabilityId)Math.Max(0, IndexOf(Extended, shortName));
        return id != ExtendedCapabilityId.Null;
    }

    private static int IndexOf((string Short, string Full)[] table, ReadOnlySpan<char> name)
    {
        for (int i = 1; i < table.Length; i++)
        {
            if (name.Equals(table[i].Short, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }
}
