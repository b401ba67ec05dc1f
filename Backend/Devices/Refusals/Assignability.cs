using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>Whether a guest can be given a function, and everything that speaks against it.</summary>
/// <param name="Refusals">The reasons, the heaviest first.</param>
public sealed record Assignability(IReadOnlyList<DeviceRefusal> Refusals)
{
    /// <summary>Whether nothing stops it; there may be warnings.</summary>
    public bool IsAssignable => Refusals.All(static refusal => refusal.Weight <= RefusalWeight.Warning);

    /// <summary>What stops it, for people.</summary>
    public IReadOnlyList<string> Reasons =>
        [.. Refusals.Where(static refusal => refusal.Weight > RefusalWeight.Warning).Select(static refusal => refusal.Text)];

    /// <summary>What is said but does not stop it.</summary>
    public IReadOnlyList<string> Warnings =>
        [.. Refusals.Where(static refusal => refusal.Weight == RefusalWeight.Warning).Select(static refusal => refusal.Text)];

    /// <summary>What stops it even if a person insists or not.</summary>
    /// <param name="force">Whether a person insists.</param>
    /// <returns>The reasons that are left; empty when it can be taken.</returns>
    public IReadOnlyList<DeviceRefusal> StoppedBy(bool force) =>
        [.. Refusals.Where(refusal => refusal.Weight > (force ? RefusalWeight.Judgement : RefusalWeight.Warning))];

    /// <summary>Ends a taking that is refused.</summary>
    /// <param name="address">The device.</param>
    /// <param name="force">Whether a person insists.</param>
    /// <exception cref="BackendException">Something stops it.</exception>
    public void ThrowIfStopped(PciAddress address, bool force)
    {
        IReadOnlyList<DeviceRefusal> reasons = StoppedBy(force);
        if (reasons.Count == 0)
        {
            return;
        }

        string text = string.Join("; ", reasons.Select(static reason => reason.Text));
        if (reasons.Any(static reason => reason.Weight == RefusalWeight.Impossible))
        {
            throw new BackendException(BackendFailure.Failed, $"{address} cannot be given to a guest: {text}");
        }

        if (reasons.Any(static reason => reason.Weight == RefusalWeight.Forbidden))
        {
            throw new BackendException(BackendFailure.Refused, $"{address} is refused: {text}. No guest can be given it.");
        }

        string remedies = string.Concat(reasons.Select(static reason => reason.Remedy).OfType<string>().Distinct().Select(static remedy => $"{remedy}. "));
        throw new BackendException(BackendFailure.Refused, $"{address} is refused: {text}. {remedies}Take it with --force if the host can do without.");
    }
}
