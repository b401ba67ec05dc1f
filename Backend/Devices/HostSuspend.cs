namespace PciBackFlow.Backend.Devices;

/// <summary>
/// The host goes to sleep and wakes (ACPI S3). A guest is not told, and its driver finds a device that forgot everything: so a device in a guest's hands blocks
/// a suspend until it is detached, unless a person insists. What is held but in nobody's hands sleeps and wakes without anybody noticing.
/// </summary>
/// <param name="custody">The devices.</param>
public sealed class HostSuspend(IDeviceCustody custody)
{
    /// <summary>What would not survive a suspend.</summary>
    /// <returns>One line for each device that a guest has; empty when the host can sleep.</returns>
    public IReadOnlyList<string> Blockers() =>
        [.. custody.Held().Where(static device => device.OwnerDomain is not null)
            .Select(static device => $"{device.Address} is in use by domain {device.OwnerDomain}, whose driver would not be told")];

    /// <summary>To be called before the host sleeps: refuses, or keeps what the devices in guests' hands are set to.</summary>
    /// <param name="force">Whether a person insists.</param>
    /// <exception cref="BackendException">A guest has a device, and nobody insists.</exception>
    public void Prepare(bool force)
    {
        if (!force && Blockers() is { Count: > 0 } blockers)
        {
            throw new BackendException(BackendFailure.Refused, $"the host should not sleep now: {string.Join("; ", blockers)}. Detach them first.");
        }

        custody.Settings?.Suspend();
    }

    /// <summary>
    /// To be called when the host is awake again: brings every held device back to power and to its settings, and has Xen write back the messages of those in
    /// guests' hands.
    /// </summary>
    /// <returns>What did not come back, one line for each device; those are unusable.</returns>
    public IReadOnlyList<string> Resume() => custody.Settings?.Resume() ?? [];
}
