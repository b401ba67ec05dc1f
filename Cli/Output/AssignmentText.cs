using System.Globalization;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Pci;

namespace PciBackFlow.Cli.Output;

/// <summary>
/// A guest's devices as xl prints them (tools/xl/xl_pci.c, pcilist): nothing at all without devices; slot 00.0
/// until the guest has a place for one.
/// </summary>
internal static class AssignmentText
{
    public static void Write(TextWriter output, IReadOnlyList<AssignmentReport> devices)
    {
        if (devices.Count > 0)
        {
            output.WriteLine("Vdev Device");
        }

        foreach (AssignmentReport device in devices)
        {
            PciAddress guest = PciAddress.TryParse(device.Guest ?? string.Empty, out PciAddress published) ? published : default;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{guest.Slot:x2}.{guest.Function:x1} {device.Host}"));
        }
    }
}
