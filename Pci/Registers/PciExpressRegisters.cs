namespace PciBackFlow.Pci.Registers;

/// <summary>PCI Express capability (PCI Express Base 3.0 §7.8): offsets from the capability, and bits.</summary>
public static class PciExpressRegisters
{
    /// <summary>PCI Express Capabilities, 2 bytes.</summary>
    public const int Capabilities = 0x02;

    /// <summary>4 bytes.</summary>
    public const int DeviceCapabilities = 0x04;

    /// <summary>2 bytes.</summary>
    public const int DeviceControl = 0x08;

    /// <summary>2 bytes.</summary>
    public const int DeviceStatus = 0x0A;

    /// <summary>4 bytes.</summary>
    public const int LinkCapabilities = 0x0C;

    /// <summary>2 bytes.</summary>
    public const int LinkControl = 0x10;

    /// <summary>2 bytes.</summary>
    public const int LinkStatus = 0x12;

    /// <summary>4 bytes.</summary>
    public const int SlotCapabilities = 0x14;

    /// <summary>2 bytes.</summary>
    public const int SlotControl = 0x18;

    /// <summary>2 bytes.</summary>
    public const int SlotStatus = 0x1A;

    /// <summary>2 bytes.</summary>
    public const int RootControl = 0x1C;

    /// <summary>2 bytes.</summary>
    public const int RootCapabilities = 0x1E;

    /// <summary>4 bytes.</summary>
    public const int RootStatus = 0x20;

    /// <summary>4 bytes (version 2).</summary>
    public const int DeviceCapabilities2 = 0x24;

    /// <summary>2 bytes (version 2).</summary>
    public const int DeviceControl2 = 0x28;

    /// <summary>2 bytes (version 2).</summary>
    public const int DeviceStatus2 = 0x2A;

    /// <summary>4 bytes (version 2).</summary>
    public const int LinkCapabilities2 = 0x2C;

    /// <summary>2 bytes (version 2).</summary>
    public const int LinkControl2 = 0x30;

    /// <summary>2 bytes (version 2).</summary>
    public const int LinkStatus2 = 0x32;

    /// <summary>4 bytes (version 2).</summary>
    public const int SlotCapabilities2 = 0x34;

    /// <summary>2 bytes (version 2).</summary>
    public const int SlotControl2 = 0x38;

    /// <summary>2 bytes (version 2).</summary>
    public const int SlotStatus2 = 0x3A;

    /// <summary>Capabilities: version.</summary>
    public const uint Version = 0x000F;

    /// <summary>Capabilities: device or port type.</summary>
    public const uint DeviceType = 0x00F0;

    /// <summary>Capabilities: a slot is there.</summary>
    public const uint SlotImplemented = 0x0100;

    /// <summary>Device type (bits 7:4 shifted down): endpoint.</summary>
    public const uint TypeEndpoint = 0x0;

    /// <summary>Device type: legacy endpoint.</summary>
    public const uint TypeLegacyEndpoint = 0x1;

    /// <summary>Device type: root port.</summary>
    public const uint TypeRootPort = 0x4;

    /// <summary>Device type: upstream port of a switch.</summary>
    public const uint TypeUpstreamPort = 0x5;

    /// <summary>Device type: downstream port of a switch.</summary>
    public const uint TypeDownstreamPort = 0x6;

    /// <summary>Device type: PCI Express to PCI bridge.</summary>
    public const uint TypeBridgeToPci = 0x7;

    /// <summary>Device type: PCI to PCI Express bridge.</summary>
    public const uint TypeBridgeFromPci = 0x8;

    /// <summary>Device type: root complex integrated endpoint.</summary>
    public const uint TypeIntegratedEndpoint = 0x9;

    /// <summary>Device type: root complex event collector.</summary>
    public const uint TypeEventCollector = 0xA;

    /// <summary>Device Capabilities: FLR.</summary>
    public const uint FunctionLevelReset = 0x10000000;

    /// <summary>Device Control: Max_Payload_Size.</summary>
    public const uint MaxPayload = 0x00E0;

    /// <summary>Device Control: Max_Read_Request_Size.</summary>
    public const uint MaxReadRequest = 0x7000;

    /// <summary>Device Control: starts an FLR; reads 0 (bridges to PCI: configuration retry enable).</summary>
    public const uint InitiateFunctionLevelReset = 0x8000;

    /// <summary>Device Status: cleared by writing 1.</summary>
    public const uint DeviceStatusErrors = 0x000F;

    /// <summary>Device Status: requests not yet completed.</summary>
    public const uint TransactionsPending = 0x0020;

    /// <summary>Device Control: whether the function may use tags of 8 bits.</summary>
    public const uint ExtendedTagEnable = 0x0100;
}
