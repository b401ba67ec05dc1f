using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;

namespace PciBackFlow.Fuzz.Tests.Targets;

/// <summary>A toolstack that knows domain 7 and refuses whatever is asked for it.</summary>
internal sealed class RefusingToolstack : IToolstack
{
    public int Resolve(string domain) => domain == "7" ? 7 : throw new BackendException(BackendFailure.Failed, $"there is no domain '{domain}'");

    public Task<IReadOnlyList<AttachedDevice>> AttachAsync(AttachRequest request, CancellationToken cancellationToken) =>
        throw new BackendException(BackendFailure.Refused, $"{request.Spec} is refused");

    public Task DetachAsync(int domainId, PciSpec spec, bool force, CancellationToken cancellationToken) =>
        throw new BackendException(BackendFailure.Refused, $"{spec} is refused");

    public Assignability Assess(PciAddress device) => new([new("attached", RefusalWeight.Forbidden, "it is refused")]);

    public IReadOnlyList<AttachedDevice> List(int domainId) => [];
}
