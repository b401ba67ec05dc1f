using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>What becomes of a reason against handing a device on: it stops, or is said.</summary>
internal static class HandingOn
{
    /// <summary>Weighs a reason.</summary>
    /// <param name="found">The reason; null for none.</param>
    /// <param name="device">What is handed on.</param>
    /// <param name="force">Whether a person insists.</param>
    /// <returns>What is to be said although it is handed on; null for nothing.</returns>
    /// <exception cref="BackendException">It is refused.</exception>
    public static string? Weigh(DeviceRefusal? found, PciAddress device, bool force) => found switch
    {
        null => null,
        { Weight: RefusalWeight.Judgement } when !force =>
            throw new BackendException(BackendFailure.Refused, $"{device} is refused ({found.Code}): {found.Text}. {found.Remedy}"),
        _ => found.Text,
    };
}
