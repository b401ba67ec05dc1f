namespace PciBackFlow.Backend.Devices.Reset;

/// <summary>The kernel's reset methods, in the order it prefers them (pci_reset_fn_methods, Linux drivers/pci/pci.c).</summary>
internal static class ResetMethods
{
    /// <summary>What an older kernel offers that has <c>reset</c> but doesn't say how.</summary>
    public static ResetMethod KernelsChoice { get; } = new("reset", "whatever the kernel prefers; it does not say which", ResetsBus: false);

    private static readonly ResetMethod[] Known =
    [
        new("device_specific", "a sequence for this very device", false),
        new("acpi", "the firmware's _RST method", false),
        new("flr", "function level reset (PCI Express): this function alone, at least 100 ms", false),
        new("af_flr", "function level reset (Advanced Features): this function alone, at least 100 ms", false),
        new("pm", "power state D3hot and back: this function alone, 20 ms; some of its state may survive", false),
        new("bus", "secondary bus reset: everything on its bus, at least 1 s", true),
        new("cxl_bus", "secondary bus reset of a CXL device: everything on its bus, at least 1 s", true),
    ];

    /// <summary>A method by its name; one that is not known is described as such.</summary>
    public static ResetMethod Of(string name) => Array.Find(Known, method => method.Name == name) ?? new(name, "a method of a newer kernel", ResetsBus: false);
}
