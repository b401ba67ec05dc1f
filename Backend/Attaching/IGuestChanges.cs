using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Attaching;

/// <summary>What follows, beside requests, from changes of guests; each on the guest's own queue.</summary>
internal interface IGuestChanges
{
    /// <summary>A guest died or was taken offline, or its devices were removed by xl: what it had of ours is taken back.</summary>
    Task SettleAsync(DomainLife life);

    /// <summary>A guest is back with a new domid, and devices are kept for it.</summary>
    Task ReturnAsync(DomainInfo domain, IReadOnlyList<JournalEntry> wishes);

    /// <summary>As <see cref="IToolstack.AttachAsync"/>.</summary>
    Task<IReadOnlyList<AttachedDevice>> AttachAsync(AttachRequest request, CancellationToken cancellationToken);
}
