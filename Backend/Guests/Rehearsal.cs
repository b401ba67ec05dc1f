using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Guests;

/// <summary>
/// What a daemon does before it follows another one, which serves meanwhile: it goes the way to each guest once, as far as nothing changes by it. What xenstore
/// says stays remembered, and nothing is run or read from a file for the first time while guests wait.
/// </summary>
/// <param name="store">Remembers.</param>
/// <param name="look">Looks at a device of the host without changing it.</param>
/// <param name="logger">Where it is said that it went wrong; then it only takes longer later.</param>
internal sealed class Rehearsal(RememberedStore store, Action<PciAddress> look, ILogger logger)
{
    /// <summary>Goes.</summary>
    public void Run()
    {
        try
        {
            store.Remember(StoreKeys.Guests);
            foreach (GuestId guest in GuestList.Read(store))
            {
                Look(guest);
            }
        }
        catch (Exception e) when (e is HypervisorException or IOException)
        {
            GuestLog.NotRehearsed(logger, e.Message);
        }
    }

    private void Look(GuestId guest)
    {
        if (FrontendLink.Read(store, guest, out _) is { } frontend)
        {
            store.Remember(frontend);
            _ = FrontendKeys.Read(store, frontend);
        }

        DirectoryReader reader = new(store, guest);
        GuestDirectory directory = reader.ReadServed();
        _ = reader.ReadFailure();
        _ = PublishedRoots.Has(store, guest, []);
        foreach (PciAddress? host in directory.Devices.Select(static device => device.Host))
        {
            if (host is { } known)
            {
                look(known);
            }
        }
    }
}
