using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Tests.Load;

/// <summary>Who only looks attaches nothing.</summary>
internal sealed class NoToolstack : IToolstack
{
    public int Resolve(string domain) => throw new NotSupportedException();

    public Task<IReadOnlyList<AttachedDevice>> AttachAsync(AttachRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DetachAsync(int domainId, PciSpec spec, bool force, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Assignability Assess(PciAddress device) => throw new NotSupportedException();

    public IReadOnlyList<AttachedDevice> List(int domainId) => throw new NotSupportedException();
}
