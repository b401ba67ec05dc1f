using PciBackFlow.Hardware.Pci;
using PciBackFlow.Hardware.Pci.Captures;
using PciBackFlow.Hardware.Pci.Sysfs;

namespace PciBackFlow.Backend.Devices.Sources;

/// <summary>The sets of functions a backend can give away without touching a device.</summary>
public static class FunctionSets
{
    /// <summary>A captured machine.</summary>
    /// <param name="capture">The capture.</param>
    /// <returns>The source; dispose it when no backend uses it.</returns>
    /// <exception cref="ArgumentException">The capture has two functions at one address.</exception>
    public static ExclusiveFunctions FromCapture(Capture capture) => new(CapturedFunction.All(capture));

    /// <summary>A capture that the program ships.</summary>
    /// <param name="name">One of <see cref="BuiltinCaptures.Names"/>.</param>
    /// <returns>The source, or null when there is none of that name.</returns>
    public static ExclusiveFunctions? FromBuiltin(string name) =>
        BuiltinCaptures.TryLoad(name, out Capture? capture) ? FromCapture(capture) : null;

    /// <summary>This host's functions, opened read-only: what a guest writes stays in a shadow.</summary>
    /// <param name="addresses">Which; all when null.</param>
    /// <param name="knownRegistersOnly">Whether reads of registers nobody knows stay away from the device too.</param>
    /// <returns>The source.</returns>
    /// <exception cref="IOException">A function does not exist or may not be opened.</exception>
    public static ExclusiveFunctions FromHost(IReadOnlyList<PciAddress>? addresses = null, bool knownRegistersOnly = true)
    {
        List<IPciFunction> functions = [];
        try
        {
            foreach (PciAddress address in addresses ?? PciDevices.Addresses())
            {
                functions.Add(new ReadOnlyOverlay(SysfsFunction.Open(address), knownRegistersOnly));
            }

            return new(functions);
        }
        catch
        {
            foreach (IPciFunction function in functions)
            {
                function.Dispose();
            }

            throw;
        }
    }
}
