using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Backend.Devices.Description;

/// <summary>That a function's space goes on behind what is known of it. One wording for every verb.</summary>
public static class Shortness
{
    /// <summary>The words; null when all of the space can be read.</summary>
    public static string? Of(IPciFunction function) => function is CapturedFunction captured ? captured.Shortness : Of(function.ReadableSize, function.Size);

    /// <summary>The words for a function of this host; null when all of it can be read.</summary>
    public static string? Of(int readable, int size) => readable < size ? $"only the first {readable} bytes can be read without privilege" : null;
}
