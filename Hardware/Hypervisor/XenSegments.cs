using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>
/// Which functions Xen can know: its device addresses have 16 bits of segment. Linux numbers from 10000 on what it finds behind a controller of its own (Intel
/// VMD); for Xen the controller is the device.
/// </summary>
public static class XenSegments
{
    /// <summary>What is said of a device that Xen cannot know, wherever one is named.</summary>
    public const string Rule = "Xen knows segments up to ffff";

    /// <summary>Whether Xen can know a function.</summary>
    /// <param name="function">Its address.</param>
    /// <returns>True for one of 16 bits of segment.</returns>
    public static bool Know(PciAddress function) => function.Domain <= 0xFFFF;
}
