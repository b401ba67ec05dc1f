using System.Diagnostics.CodeAnalysis;
using System.Text;
using PciBackFlow.Pci;

namespace PciBackFlow.Hardware.Errors;

/// <summary>
/// The kernel's events about its own recovery of PCI functions: <c>change</c> of the subsystem <c>pci</c> with <c>ERROR_EVENT</c> (drivers/pci/pci-driver.c,
/// pci_uevent_ers). A message is a line and then texts <c>KEY=value</c>, each ended by a zero byte (lib/kobject_uevent.c).
/// </summary>
internal static class ErrorUevent
{
    private const int MostText = 8192;

    /// <summary>Reads one.</summary>
    /// <param name="message">The message, of the kernel's or of anything.</param>
    /// <param name="observation">What it says.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(ReadOnlySpan<byte> message, [NotNullWhen(true)] out ErrorObservation? observation)
    {
        observation = null;
        if (message.Length > MostText)
        {
            return false;
        }

        string? slot = null;
        string? error = null;
        bool isPci = false;
        foreach (string text in Encoding.UTF8.GetString(message).Split('\0'))
        {
            int at = text.IndexOf('=', StringComparison.Ordinal);
            string value = at < 0 ? string.Empty : text[(at + 1)..];
            switch (at < 0 ? string.Empty : text[..at])
            {
                case "SUBSYSTEM":
                    isPci = value == "pci";
                    break;
                case "PCI_SLOT_NAME":
                    slot = value;
                    break;
                case "ERROR_EVENT":
                    error = value;
                    break;
            }
        }

        KernelRecovery kernel = error switch
        {
            "BEGIN_RECOVERY" => KernelRecovery.Begun,
            "SUCCESSFUL_RECOVERY" => KernelRecovery.Succeeded,
            "FAILED_RECOVERY" => KernelRecovery.Failed,
            _ => KernelRecovery.Unknown,
        };
        if (!isPci || kernel == KernelRecovery.Unknown || !PciAddress.TryParse(slot, out PciAddress device))
        {
            return false;
        }

        observation = new(device, Severity: null) { Kernel = kernel };
        return true;
    }
}
