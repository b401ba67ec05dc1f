using PciBackFlow.Hardware.Hypervisor.Xen.Store;

namespace PciBackFlow.LabProbe;

/// <summary>A key of xenstore written without pause, each time in a request of its own, so that who watches it may see every value.</summary>
internal static class StateFlood
{
    // Every state of xenbus, in an order that is none of a connection's, and what is none. But for 0: it says that the frontend is
    // gone, upon which nobody looks any more.
    private static readonly string[] Values = ["3", "5", "6", "1", "4", "2", "7", "8", "9", "-1", "x", string.Empty, "4294967299"];

    /// <summary>Writes.</summary>
    /// <param name="path">The key.</param>
    /// <param name="count">How often.</param>
    public static void Run(string path, int count)
    {
        using var store = XenStoreConnection.Open();
        for (int i = 0; i < count; i++)
        {
            store.Write(path, Values[i % Values.Length]);
        }

        Console.WriteLine($"{count} values written");
    }
}
