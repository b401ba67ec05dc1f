namespace PciBackFlow.Pci.Capabilities;

/// <summary>Ids of extended capabilities (PCI Code and ID Assignment 1.11 §3). Open: a value without a name is a capability we do not know.</summary>
public enum ExtendedCapabilityId : ushort
{
    /// <summary>Null capability.</summary>
    Null = 0x0000,

    /// <summary>Advanced Error Reporting.</summary>
    AdvancedErrorReporting = 0x0001,

    /// <summary>Virtual Channel.</summary>
    VirtualChannel = 0x0002,

    /// <summary>Device Serial Number.</summary>
    DeviceSerialNumber = 0x0003,

    /// <summary>Power Budgeting.</summary>
    PowerBudgeting = 0x0004,

    /// <summary>Root Complex Link Declaration.</summary>
    RootLinkDeclaration = 0x0005,

    /// <summary>Root Complex Internal Link Control.</summary>
    RootInternalLink = 0x0006,

    /// <summary>Root Complex Event Collector.</summary>
    EventCollector = 0x0007,

    /// <summary>Multi-Function Virtual Channel.</summary>
    MultiFunctionVirtualChannel = 0x0008,

    /// <summary>Virtual Channel (with MFVC).</summary>
    VirtualChannel9 = 0x0009,

    /// <summary>Root Complex Register Block.</summary>
    RootRegisterBlock = 0x000A,

    /// <summary>Vendor-specific.</summary>
    Vendor = 0x000B,

    /// <summary>Configuration Access Correlation.</summary>
    ConfigurationAccess = 0x000C,

    /// <summary>Access Control Services.</summary>
    AccessControl = 0x000D,

    /// <summary>Alternative Routing-ID.</summary>
    AlternativeRouting = 0x000E,

    /// <summary>Address Translation Services.</summary>
    AddressTranslation = 0x000F,

    /// <summary>Single Root I/O Virtualization.</summary>
    SrIov = 0x0010,

    /// <summary>Multi-Root I/O Virtualization.</summary>
    MrIov = 0x0011,

    /// <summary>Multicast.</summary>
    Multicast = 0x0012,

    /// <summary>Page Request.</summary>
    PageRequest = 0x0013,

    /// <summary>Reserved for AMD.</summary>
    Amd = 0x0014,

    /// <summary>Resizable BAR.</summary>
    ResizableBar = 0x0015,

    /// <summary>Dynamic Power Allocation.</summary>
    DynamicPower = 0x0016,

    /// <summary>TPH Requester.</summary>
    TphRequester = 0x0017,

    /// <summary>Latency Tolerance Reporting.</summary>
    LatencyTolerance = 0x0018,

    /// <summary>Secondary PCI Express.</summary>
    SecondaryPciExpress = 0x0019,

    /// <summary>Protocol Multiplexing.</summary>
    ProtocolMultiplexing = 0x001A,

    /// <summary>Process Address Space ID.</summary>
    Pasid = 0x001B,

    /// <summary>LN Requester.</summary>
    LnRequester = 0x001C,

    /// <summary>Downstream Port Containment.</summary>
    DownstreamPortContainment = 0x001D,

    /// <summary>L1 PM Substates.</summary>
    L1Substates = 0x001E,

    /// <summary>Precision Time Measurement.</summary>
    PrecisionTime = 0x001F,

    /// <summary>PCI Express over M-PHY.</summary>
    PciExpressOverMPhy = 0x0020,

    /// <summary>FRS Queueing.</summary>
    FrsQueueing = 0x0021,

    /// <summary>Readiness Time Reporting.</summary>
    ReadinessTime = 0x0022,

    /// <summary>Designated Vendor-Specific.</summary>
    DesignatedVendor = 0x0023,

    /// <summary>VF Resizable BAR.</summary>
    VfResizableBar = 0x0024,

    /// <summary>Data Link Feature.</summary>
    DataLinkFeature = 0x0025,

    /// <summary>Physical Layer 16.0 GT/s.</summary>
    PhysicalLayer16 = 0x0026,

    /// <summary>Lane Margining at the Receiver.</summary>
    LaneMargining = 0x0027,

    /// <summary>Hierarchy ID.</summary>
    HierarchyId = 0x0028,

    /// <summary>Native PCIe Enclosure Management.</summary>
    EnclosureManagement = 0x0029,

    /// <summary>Physical Layer 32.0 GT/s.</summary>
    PhysicalLayer32 = 0x002A,

    /// <summary>Alternate Protocol.</summary>
    AlternateProtocol = 0x002B,

    /// <summary>System Firmware Intermediary.</summary>
    SystemFirmwareIntermediary = 0x002C,

    /// <summary>Shadow Functions.</summary>
    ShadowFunctions = 0x002D,

    /// <summary>Data Object Exchange.</summary>
    DataObjectExchange = 0x002E,

    /// <summary>Device 3.</summary>
    Device3 = 0x002F,

    /// <summary>Integrity and Data Encryption.</summary>
    Ide = 0x0030,

    /// <summary>Physical Layer 64.0 GT/s.</summary>
    PhysicalLayer64 = 0x0031,

    /// <summary>Flit Logging.</summary>
    FlitLogging = 0x0032,

    /// <summary>Flit Performance Measurement.</summary>
    FlitPerformance = 0x0033,

    /// <summary>Flit Error Injection.</summary>
    FlitErrorInjection = 0x0034,
}
