using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Devices.Description;

namespace PciBackFlow.Cli.Output;

/// <summary>
/// Assignable devices as xl prints them (tools/xl/xl_pci.c, pciassignable_list): one address a line, a name after a
/// blank. Those a guest has are not listed.
/// </summary>
internal static class AssignableText
{
    public static void Write(TextWriter output, IReadOnlyList<DeviceReport> devices, bool withNames)
    {
        foreach (DeviceReport? device in devices.Where(device => device.Domain is null))
        {
            output.WriteLine(withNames && device.Name is not null ? $"{device.Address} {device.Name}" : device.Address);
        }
    }
}
