namespace PciBackFlow.Pci.Registers;

/// <summary>Power Management capability (PCI Power Management 1.2 §3.2): offsets from the capability, and bits.</summary>
public static class PowerManagementRegisters
{
    /// <summary>PMC, 2 bytes.</summary>
    public const int Capabilities = 2;

    /// <summary>PMCSR, 2 bytes.</summary>
    public const int ControlStatus = 4;

    /// <summary>PMCSR_BSE, 1 byte.</summary>
    public const int BridgeExtensions = 6;

    /// <summary>Data, 1 byte.</summary>
    public const int Data = 7;

    /// <summary>Bytes.</summary>
    public const int Size = 8;

    /// <summary>PMC: version.</summary>
    public const uint Version = 0x0007;

    /// <summary>PMC: supports D1.</summary>
    public const uint D1Support = 0x0200;

    /// <summary>PMC: supports D2.</summary>
    public const uint D2Support = 0x0400;

    /// <summary>PMC: states in which PME# can be asserted.</summary>
    public const uint PmeSupport = 0xF800;

    /// <summary>PMCSR: 0–3 = D0, D1, D2, D3hot.</summary>
    public const uint PowerState = 0x0003;

    /// <summary>PMCSR: D3hot→D0 keeps the configuration.</summary>
    public const uint NoSoftReset = 0x0008;

    /// <summary>PMCSR: PME# enabled.</summary>
    public const uint PmeEnable = 0x0100;

    /// <summary>PMCSR: what Data shows.</summary>
    public const uint DataSelect = 0x1E00;

    /// <summary>PMCSR: scale of Data.</summary>
    public const uint DataScale = 0x6000;

    /// <summary>PMCSR: PME pending; cleared by writing 1.</summary>
    public const uint PmeStatus = 0x8000;
}
