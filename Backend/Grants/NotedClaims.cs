using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// Functions for guests, with a note of who could map their memory: what xl granted nobody here wrote down before. A guest gets no function whose note
/// cannot be written. That a former guest may still reach it, or that others are on its line, can only be said: xl has granted it by then. Thread-safe.
/// </summary>
/// <param name="functions">Where functions come from.</param>
/// <param name="custody">Who knows where their memory is.</param>
/// <param name="journal">Where it is noted.</param>
/// <param name="domains">Who knows the guests' UUIDs.</param>
/// <param name="logger">Where it is said.</param>
internal sealed class NotedClaims(
    IFunctionSource functions, IDeviceCustody custody, GrantJournal journal, IDomainControl domains, ILogger logger) : IFunctionSource
{
    /// <inheritdoc/>
    public FunctionClaim Claim(int domainId, PciAddress address) => Noted(domainId, address, functions.Claim(domainId, address));

    /// <inheritdoc/>
    public FunctionClaim Continue(int domainId, PciAddress address) => Noted(domainId, address, functions.Continue(domainId, address));

    /// <inheritdoc/>
    public void Release(int domainId, PciAddress address) => functions.Release(domainId, address);

    private FunctionClaim Noted(int domainId, PciAddress address, FunctionClaim claim)
    {
        if (!claim.IsGranted)
        {
            return claim;
        }

        try
        {
            Note(domainId, address);
            return claim;
        }
        catch (Exception e) when (e is BackendException or IOException or HypervisorException or ObjectDisposedException)
        {
            functions.Release(domainId, address);
            return FunctionClaim.Refused(DeviceFailureKind.Unusable, $"{address}: who could reach its memory cannot be written down: {e.Message}");
        }
    }

    private void Note(int domainId, PciAddress address)
    {
        if (domains.Find(domainId) is not { } domain)
        {
            return;
        }

        // What was granted here is in the journal, and noted when it is revoked.
        var life = DomainLife.Of(domain);
        if (journal.MappableEntries().Any(entry => entry.Life == life && entry.Device == address && entry.Grant.Kind == GrantKind.Memory))
        {
            return;
        }

        int[] others = [.. (custody.FormerGuests?.LivingOf(address) ?? []).Where(former => former != domainId)];
        if (FormerGuestRule.Weigh(custody.Refusals, address, others, force: true) is { } warning)
        {
            GrantLog.GivenByXl(logger, domainId, address, warning);
        }

        WarnOfItsLine(domainId, life, address);

        foreach (Grant memory in DeviceRanges.MemoryOf(custody, address))
        {
            journal.NoteReached(life, address, memory);
        }
    }

    // Once in a guest's life: it may claim its device as often as it likes.
    private void WarnOfItsLine(int domainId, DomainLife life, PciAddress address)
    {
        if (journal.ReachedOf(life).Any(entry => entry.Device == address))
        {
            return;
        }

        string[] others = [.. custody.HostUsersOfLine(address), .. custody.LineGuests?.OthersOn(address, domainId) ?? []];
        if (SharedLineRule.Weigh(custody.Refusals, address, others, force: true) is { } warning)
        {
            GrantLog.GivenByXl(logger, domainId, address, warning);
        }
    }
}
