using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Sources;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>
/// Functions for guests, with a note of who could map their memory: what xl granted nobody here wrote down before. A guest gets no function whose note
/// cannot be written. Thread-safe.
/// </summary>
/// <param name="functions">Where functions come from.</param>
/// <param name="custody">Who knows where their memory is.</param>
/// <param name="journal">Where it is noted.</param>
/// <param name="domains">Who knows the guests' UUIDs.</param>
internal sealed class NotedClaims(IFunctionSource functions, IDeviceCustody custody, GrantJournal journal, IDomainControl domains) : IFunctionSource
{
    /// <inheritdoc/>
    public FunctionClaim Claim(int domainId, PciAddress address)
    {
        FunctionClaim claim = functions.Claim(domainId, address);
        if (!claim.IsGranted)
        {
            return claim;
        }

        try
        {
            Note(domainId, address);
            return claim;
        }
        catch (Exception e) when (e is IOException or HypervisorException or ObjectDisposedException)
        {
            functions.Release(domainId, address);
            return FunctionClaim.Refused($"{address}: who could reach its memory cannot be written down: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Release(int domainId, PciAddress address) => functions.Release(domainId, address);

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

        foreach (Grant memory in DeviceRanges.MemoryOf(custody, address))
        {
            journal.NoteReached(life, address, memory);
        }
    }
}
