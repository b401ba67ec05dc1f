using PciBackFlow.Backend.Attaching.Plans;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Devices.Refusals;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Plans;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Selection;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching.Toolstack;

/// <summary>
/// What xl's <c>pci-attach</c>, <c>pci-detach</c> and <c>pci-list</c> do, with a journal: what was granted is revoked exactly, also after this
/// daemon was killed, and also when the guest dies. Each is a plan, carried out on its guest's queue. <see cref="RecoverAsync"/> and
/// <see cref="Start"/> once each, in this order. Thread-safe.
/// </summary>
public sealed class PciToolstack : IToolstack, IGuestChanges, IDisposable
{
    private readonly ToolstackServices _services;
    private readonly GuestRequests _requests = new();
    private readonly DeviceReservations _reservations;
    private readonly GuestPauses _pauses;
    private readonly DomainWatch _watch;
    private volatile bool _isDisposed;

    /// <summary>Creates it; nothing is looked at yet.</summary>
    /// <param name="services">What it acts through.</param>
    public PciToolstack(ToolstackServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        _reservations = new(services.Custody);
        _pauses = new(services);
        _watch = new(services, this);

        // What is given back to the host goes by the same rules as what is given to another guest.
        services.Custody.FormerGuests = new FormerGuests(services);
        services.Custody.LineGuests = new LineGuests(services);
    }

    /// <summary>Finishes what an earlier daemon of this boot left half done: completes it, or undoes it in reverse.</summary>
    /// <remarks>
    /// A guest may take its time; requests for it wait until it has been seen to, others find its devices taken. All of them are queued when this
    /// returns for the first time, so whoever starts need not wait for the rest.
    /// </remarks>
    /// <returns>When every guest's devices are fully attached or fully revoked, or the toolstack's half was disposed of.</returns>
    public Task RecoverAsync() => Task.WhenAll([.. _services.Journal.Lives().Select(RecoverUntilDoneAsync)]);

    /// <summary>Watches for guests that die, are taken offline or come back.</summary>
    /// <exception cref="HypervisorException">xenstore refused a watch.</exception>
    public void Start() => _watch.Start();

    /// <summary>Stops watching. Nothing is revoked: guests keep their devices, and the journal remembers them; also what was not recovered yet.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _watch.Dispose();
        _pauses.Dispose();
    }

    /// <inheritdoc/>
    public int Resolve(string domain)
    {
        ArgumentException.ThrowIfNullOrEmpty(domain);
        if (GuestId.TryParseId(domain, out int id))
        {
            return Preconditions.Existing(_services, id).DomainId;
        }

        foreach (DomainInfo known in Preconditions.All(_services))
        {
            if (_services.Store.Read(StoreKeys.NameOf(known.DomainId)) == domain)
            {
                return known.DomainId;
            }
        }

        throw new BackendException(BackendFailure.Failed, $"there is no domain '{domain}'");
    }

    /// <inheritdoc/>
    public IReadOnlyList<AttachedDevice> List(int domainId) =>
        AttachedDevices.Of(_services, DomainLife.Of(Preconditions.Existing(_services, domainId)));

    /// <inheritdoc/>
    public Assignability Assess(PciAddress device) => AttachRefusals.Of(_services, device);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AttachedDevice>> AttachAsync(AttachRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _requests.RunAsync(request.DomainId, async () =>
        {
            using Attachment attachment = new(_services, _reservations, request);
            await CarryAsync(AttachPlan.Table, attachment, cancellationToken).ConfigureAwait(false);
            return attachment.Attached;
        });
    }

    /// <inheritdoc/>
    public Task DetachAsync(int domainId, PciSpec spec, bool force, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return OnQueueAsync(domainId, async () =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            DomainInfo domain = Preconditions.Existing(_services, domainId);
            Preconditions.RefuseHardwareVirtualized(domain);
            var life = DomainLife.Of(domain);
            IReadOnlySet<PciAddress> ours = _services.Journal.OfferedTo(life);
            PciAddress[] wanted = DevicesOf(life, spec, ours);
            using IDisposable reserved = _reservations.Take(domainId, wanted);
            PciAddress[] foreign = [.. wanted.Where(device => !ours.Contains(device))];
            await Detachment.CarryAsync(_services, life, [.. wanted.Except(foreign)], foreign, force, cancellationToken).ConfigureAwait(false);
        });
    }

    Task IGuestChanges.SettleAsync(DomainLife life) => OnQueueAsync(life.DomainId, async () =>
    {
        using Settlement settlement = new(_services, life);
        await CarryAsync(SettlePlan.Table, settlement, CancellationToken.None).ConfigureAwait(false);
    });

    // Not on its queue: what it does is, and it waits for that; it is paused at once.
    Task IGuestChanges.ReturnAsync(DomainInfo domain, IReadOnlyList<JournalEntry> wishes) => CarryAsync(
        ReturnPlan.Table, new GuestReturn(_services, _pauses, this, DomainLife.Of(domain), wishes), CancellationToken.None);

    /// <summary>Which of a guest's devices a specification means.</summary>
    /// <exception cref="BackendException">It has none of them.</exception>
    private PciAddress[] DevicesOf(DomainLife life, PciSpec spec, IReadOnlySet<PciAddress> ours)
    {
        GuestDirectory directory = DirectoryReader.Read(_services.Store, GuestId.Of(life.DomainId));
        HashSet<PciAddress> present = [.. directory.Devices.Where(static keys => keys.Host is not null).Select(static keys => keys.Host!.Value)];
        PciAddress[] wanted = spec switch
        {
            { IsAllFunctions: true } => [.. present.Where(device => device.SharesSlotWith(spec.Address!.Value))],
            { Device: AddressSelector { Address: var address } } => [address],
            _ => _services.Custody.Find(spec.Device) is { } held ? [held.Address] : [],
        };
        wanted = [.. wanted.Where(device => present.Contains(device) || ours.Contains(device))];
        return wanted.Length > 0 ? wanted : throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId} does not have {spec}");
    }

    /// <summary>Nobody asks for it again: what could not be read is tried until it can be.</summary>
    private async Task RecoverUntilDoneAsync(DomainLife life)
    {
        while (!_isDisposed)
        {
            try
            {
                await OnQueueAsync(life.DomainId, () => CarryAsync(RecoverPlan.Table, new Recovery(_services, _pauses, life), CancellationToken.None))
                    .ConfigureAwait(false);
                return;
            }
            catch (Exception e)
            {
                // What this works with is closed after it: then it is the next daemon's.
                if (_isDisposed)
                {
                    return;
                }

                ToolstackLog.NotRecovered(_services.Logger, life.DomainId, e);
            }

            await Task.Delay(Retry.Pause).ConfigureAwait(false);
        }
    }

    private Task<IReadOnlyList<StepFailure>> CarryAsync<T>(Plan<T> plan, T subject, CancellationToken cancellationToken) =>
        PlanRun.CarryAsync(plan, subject, _services.Observer, cancellationToken);

    private Task<bool> OnQueueAsync(int domainId, Func<Task> operation) => _requests.RunAsync(domainId, async () =>
    {
        await operation().ConfigureAwait(false);
        return true;
    });
}
