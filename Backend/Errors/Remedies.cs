using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Errors;

/// <summary>What is done with a guest that has not got over an error. Thread-safe.</summary>
/// <param name="services">Through what.</param>
internal sealed class Remedies(ErrorServices services)
{
    /// <summary>Does it. What cannot be done is said.</summary>
    /// <param name="remedy">What.</param>
    /// <param name="domainId">With whom.</param>
    /// <param name="devices">The devices that it has lost.</param>
    /// <param name="cancellationToken">The daemon ends; a detach is gone on with by the next one.</param>
    public async Task ApplyAsync(ErrorRemedy remedy, int domainId, IReadOnlyList<PciAddress> devices, CancellationToken cancellationToken)
    {
        try
        {
            switch (remedy)
            {
                case ErrorRemedy.Pause:
                    Pause(domainId);
                    break;
                case ErrorRemedy.Destroy:
                    services.Domains.Crash(domainId);
                    break;
                case ErrorRemedy.Detach:
                    await DetachAsync(domainId, devices, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }
        catch (Exception e) when (e is BackendException or HypervisorException or IOException)
        {
            ErrorLog.RemedyFailed(services.Logger, domainId, string.Join(", ", devices), e.Message);
        }
    }

    // Xen counts pauses, and who lets the guest go does it once.
    private void Pause(int domainId)
    {
        if (services.Domains.Find(domainId) is not { IsPaused: true })
        {
            services.Domains.Pause(domainId);
        }
    }

    private async Task DetachAsync(int domainId, IReadOnlyList<PciAddress> devices, CancellationToken cancellationToken)
    {
        if (services.Toolstack is not { } toolstack)
        {
            throw new BackendException(BackendFailure.Failed, "nobody here can take a device from a guest");
        }

        // Each for itself: one that cannot be taken must not keep the others with the guest. It is asked first, as always: it may still use its other devices.
        List<BackendException> failures = [];
        foreach (PciAddress device in devices)
        {
            try
            {
                await toolstack.DetachAsync(domainId, PciSpec.Parse(device.ToString()), force: true, cancellationToken).ConfigureAwait(false);
            }
            catch (BackendException e)
            {
                failures.Add(e);
            }
        }

        if (failures.Count > 0)
        {
            throw new BackendException(BackendFailure.Failed, string.Join("; ", failures.Select(static failure => failure.Message)));
        }
    }
}
