using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Hypervisor.Xen.Calls;

namespace PciBackFlow.Hardware.Hypervisor.Xen;

/// <summary>The one library of Xen's that is used: libxencall, whose interface is stable over Xen's releases.</summary>
public static class XenLibrary
{
    private const string Maps = "/proc/self/maps";

    /// <summary>Its name, as it is loaded.</summary>
    public static string Name => XenCall.Library;

    /// <summary>Loads a library, and looks where it lies.</summary>
    /// <param name="name">Its name; the one that is used when null.</param>
    /// <returns>The file, whose name holds its version: <c>/usr/lib/x86_64-linux-gnu/libxencall.so.1.3</c>; null when it cannot be loaded.</returns>
    public static string? Find(string? name = null)
    {
        name ??= Name;
        if (!NativeLibrary.TryLoad(name, out _))
        {
            return null;
        }

        try
        {
            string stem = $"{name.Split(".so", 2)[0]}.so";
            return File.ReadLines(Maps)
                .Select(static line => line.IndexOf('/', StringComparison.Ordinal) is >= 0 and var at ? line[at..] : string.Empty)
                .FirstOrDefault(path => Path.GetFileName(path).StartsWith(stem, StringComparison.Ordinal)) ?? name;
        }
        catch (IOException)
        {
            return name;
        }
    }
}
