using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Plans;

/// <summary>Waits for the backend's half: it releases a function, reset included, when it has taken it out of its guest's table.</summary>
internal static class ReleaseWait
{
    /// <summary>
    /// A function is revoked when it is quiet. The backend resets it as soon as it is let go; if that takes too long the IOMMU holds it,
    /// because it is deassigned with its grants.
    /// </summary>
    public static async Task UntilReleasedAsync(Reclamation reclamation)
    {
        ToolstackServices services = reclamation.Services;
        TaskCompletionSource areReleased = new(TaskCreationOptions.RunContinuationsAsynchronously);
        services.Custody.Released += Look;
        try
        {
            Look(default);
            await areReleased.Task.WaitAsync(services.Timing.Reset).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            foreach (PciAddress device in Claimed())
            {
                ToolstackLog.SlowReset(services.Logger, reclamation.Life.DomainId, device, services.Timing.Reset.TotalSeconds);
            }
        }
        finally
        {
            services.Custody.Released -= Look;
        }

        IEnumerable<PciAddress> Claimed() => services.Custody.Held()
            .Where(device => device.OwnerDomain == reclamation.Life.DomainId && reclamation.Devices.Contains(device.Address))
            .Select(static device => device.Address);

        void Look(PciAddress released)
        {
            if (!Claimed().Any())
            {
                areReleased.TrySetResult();
            }
        }
    }
}
