using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>Knows one domain, keeps what it was asked, and fails as told.</summary>
internal sealed class ScriptedToolstack : IToolstack
{
    private readonly List<AttachedDevice> _devices = [];

    public AttachRequest? Attached { get; private set; }

    public (int Domain, string Spec, bool Force)? Detached { get; private set; }

    public Exception? Failure { get; set; }

    /// <summary>An attach waits for it; null: it doesn't wait.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public bool WasCancelled { get; private set; }

    public int Resolve(string domain) => domain is "7" or "nic guest/ä"
        ? 7
        : throw new BackendException(BackendFailure.Failed, $"there is no domain '{domain}'");

    public async Task<IReadOnlyList<AttachedDevice>> AttachAsync(AttachRequest request, CancellationToken cancellationToken)
    {
        Attached = request;
        if (Failure is not null)
        {
            throw Failure;
        }

        try
        {
            await (Gate?.Task ?? Task.CompletedTask).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            WasCancelled = true;
            throw;
        }

        AttachedDevice device = new(request.DomainId, request.Spec.Address!.Value, new PciAddress(0, 0, 1, 0), AttachmentState.Connected, IsOurs: true);
        _devices.Add(device);
        return [device];
    }

    public Task DetachAsync(int domainId, PciSpec spec, bool force, CancellationToken cancellationToken)
    {
        Detached = (domainId, spec.ToString(), force);
        return Failure is null ? Task.CompletedTask : Task.FromException(Failure);
    }

    /// <summary>What speaks against every device.</summary>
    public DeviceRefusal[] Refusals { get; set; } = [];

    public Assignability Assess(PciAddress device) => new(Refusals);

    public IReadOnlyList<AttachedDevice> List(int domainId) => _devices;
}
