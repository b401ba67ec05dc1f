using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// Takes devices from a guest without asking it: for an attach that failed, a detach by force, a guest that died. The keys go first, upon
/// which the backend takes the function out of the guest's table and resets it; then what the journal says is revoked. Every step may have
/// been done already. Meanwhile the host can't have them. One guest's calls come in order.
/// </summary>
internal sealed class TakeBack(ToolstackServices services, DeviceGrants grants)
{
    /// <summary>Takes devices back.</summary>
    /// <param name="life">From whom.</param>
    /// <param name="devices">Which.</param>
    /// <param name="forget">Whether they are no longer kept for the guest's next life.</param>
    /// <exception cref="BackendException">Something could not be revoked; it stays in the journal.</exception>
    public async Task RunAsync(DomainLife life, IReadOnlyCollection<PciAddress> devices, bool forget)
    {
        if (services.Domains.StageOf(life) != LifeStage.Replaced)
        {
            RemoveNodes(life, devices);
        }

        IReadOnlyList<string> failures = await RevokeAsync(life, devices).ConfigureAwait(false);
        Close(life, devices, forget);
        ThrowIfAny(life, failures);
    }

    /// <summary>
    /// Takes devices back from a guest whose kernel has ended, and leaves their keys: the backend takes the functions out of its table by itself, and who destroys the
    /// domain uses the keys. Those that are gone are closed in the journal.
    /// </summary>
    /// <param name="life">From whom.</param>
    /// <param name="devices">Which.</param>
    /// <exception cref="BackendException">Something could not be revoked; it stays in the journal.</exception>
    public async Task RunBesideToolstackAsync(DomainLife life, IReadOnlyCollection<PciAddress> devices)
    {
        IReadOnlyList<string> failures = await RevokeAsync(life, devices).ConfigureAwait(false);
        GuestDirectory directory = DirectoryReader.Read(services.Store, GuestId.Of(life.DomainId));
        Close(life, [.. devices.Where(device => directory.Find(device) is null)], forget: false);
        ThrowIfAny(life, failures);
    }

    /// <summary>Waits for the reset, then revokes: when the keys are gone or the guest has let go.</summary>
    /// <returns>What could not be revoked and stays in the journal.</returns>
    public async Task<IReadOnlyList<string>> RevokeAsync(DomainLife life, IReadOnlyCollection<PciAddress> devices)
    {
        // One that is just being given back is nobody's any more: there is nothing left to protect.
        IDisposable?[] kept = [.. devices.Select(services.Custody.TryKeep)];
        try
        {
            await AwaitResetAsync(life, devices).ConfigureAwait(false);
            List<string> failures = [];
            foreach (PciAddress device in devices)
            {
                LeftRunning.Stop(services, life, device);
                failures.AddRange(grants.Revoke(life, device).Select(failure => $"{device}: {failure}"));
            }

            return failures;
        }
        finally
        {
            foreach (IDisposable? keeper in kept)
            {
                keeper?.Dispose();
            }
        }
    }

    /// <summary>Closes what the journal says of the devices' keys; they are removed.</summary>
    public void Close(DomainLife life, IReadOnlyCollection<PciAddress> devices, bool forget)
    {
        IEnumerable<JournalEntry> keys = devices.SelectMany(device => services.Journal.KeysOf(life, device));
        IEnumerable<JournalEntry> wishes = forget ? services.Journal.WishesOf(life).Where(wish => devices.Contains(wish.Device)) : [];
        foreach (JournalEntry entry in keys.Concat(wishes).OrderBy(static entry => entry.Id))
        {
            services.Journal.Close(entry);
        }
    }

    /// <exception cref="BackendException">There is a failure.</exception>
    public static void ThrowIfAny(DomainLife life, IReadOnlyList<string> failures)
    {
        if (failures.Count > 0)
        {
            throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId}: not everything could be revoked: {string.Join("; ", failures)}");
        }
    }

    /// <summary>Removes the devices' keys, and the directories with the last device.</summary>
    public void RemoveNodes(DomainLife life, IReadOnlyCollection<PciAddress> devices) => services.Store.Run(store =>
    {
        DirectoryWriter directory = new(store, GuestId.Of(life.DomainId));
        if (directory.RemoveDevices(devices) == 0)
        {
            directory.Destroy();
        }
    });

    /// <summary>
    /// A function is revoked when it is quiet. The backend resets it as soon as it is let go; if that takes too long the IOMMU holds it,
    /// because it is deassigned next.
    /// </summary>
    private async Task AwaitResetAsync(DomainLife life, IReadOnlyCollection<PciAddress> devices)
    {
        TaskCompletionSource areReleased = new(TaskCreationOptions.RunContinuationsAsynchronously);
        services.Custody.Released += Look;
        try
        {
            Look(default);
            await areReleased.Task.WaitAsync(services.Timing.Reset).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            foreach (PciAddress device in devices.Where(device => IsInUse(life, device)))
            {
                ToolstackLog.SlowReset(services.Logger, life.DomainId, device, services.Timing.Reset.TotalSeconds);
            }
        }
        finally
        {
            services.Custody.Released -= Look;
        }

        void Look(PciAddress released)
        {
            if (!devices.Any(device => IsInUse(life, device)))
            {
                areReleased.TrySetResult();
            }
        }
    }

    private bool IsInUse(DomainLife life, PciAddress device) => services.Custody.Find(device.ToString())?.OwnerDomain == life.DomainId;
}
