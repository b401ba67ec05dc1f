using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>
/// What xl's <c>pci-attach</c>, <c>pci-detach</c> and <c>pci-list</c> do, with a journal: what was granted is revoked exactly, also after this
/// daemon was killed, and also when the guest dies. <see cref="RecoverAsync()"/> and <see cref="Start"/> once each, in this order. Thread-safe.
/// </summary>
public sealed class PciToolstack : IToolstack, IDisposable
{
    private static readonly TimeSpan RecoveryPause = TimeSpan.FromSeconds(1);

    private readonly ToolstackServices _services;
    private readonly GuestRequests _requests = new();
    private readonly DeviceReservations _reservations;
    private readonly TakeBack _takeBack;
    private readonly AttachOperation _attach;
    private readonly DetachOperation _detach;
    private readonly LeftMessages _leftMessages;
    private readonly GuestPauses _pauses;
    private readonly DomainWatch _watch;
    private volatile bool _isDisposed;

    /// <summary>Creates it; nothing is looked at yet.</summary>
    /// <param name="services">What it acts through.</param>
    public PciToolstack(ToolstackServices services)
    {
        _services = services;
        _reservations = new(services.Custody);
        DeviceGrants grants = new(services);
        _takeBack = new(services, grants);
        _attach = new(services, grants, _takeBack);
        _detach = new(services, _takeBack);
        _leftMessages = new(services);
        _pauses = new(services);
        _watch = new(services, SettleAsync, AttachAgainAsync);
    }

    /// <summary>Finishes what an earlier daemon of this boot left half done: completes it, or undoes it in reverse.</summary>
    /// <remarks>
    /// A guest may take its time; requests for it wait until it has been seen to, others find its devices taken. All of them are queued when this
    /// returns for the first time, so whoever starts need not wait for the rest.
    /// </remarks>
    /// <returns>When every guest's devices are fully attached or fully revoked, or the toolstack's half was disposed of.</returns>
    public Task RecoverAsync() =>
        Task.WhenAll([.. _services.Journal.Lives().Select(RecoverUntilDoneAsync)]);

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
            return Living(id).DomainId;
        }

        foreach (DomainInfo known in Ask(_services.Domains.List))
        {
            if (_services.Store.Read(StoreKeys.NameOf(known.DomainId)) == domain)
            {
                return known.DomainId;
            }
        }

        throw new BackendException(BackendFailure.Failed, $"there is no domain '{domain}'");
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AttachedDevice>> AttachAsync(AttachRequest request, CancellationToken cancellationToken) =>
        _requests.RunAsync(request.DomainId, () => AttachNowAsync(request, cancellationToken));

    /// <inheritdoc/>
    public Task DetachAsync(int domainId, PciSpec spec, bool force, CancellationToken cancellationToken) =>
        _requests.RunAsync(domainId, async () =>
        {
            await DetachNowAsync(domainId, spec, force, cancellationToken).ConfigureAwait(false);
            return true;
        });

    /// <inheritdoc/>
    public IReadOnlyList<AttachedDevice> List(int domainId)
    {
        var life = DomainLife.Of(Living(domainId));
        GuestDirectory directory = DirectoryReader.Read(_services.Store, GuestId.Of(domainId));
        IReadOnlySet<PciAddress> ours = _services.Journal.OfferedTo(life);
        List<AttachedDevice> devices = [];
        foreach (DeviceKeys keys in directory.Devices)
        {
            if (keys.Host is { } host)
            {
                devices.Add(new(domainId, host, keys.Guest, StateOf(directory, keys), ours.Contains(host)) { Failure = FailureOf(keys) });
            }
        }

        return devices;
    }

    private static AttachmentState StateOf(GuestDirectory directory, DeviceKeys keys) => keys switch
    {
        { IsFailed: true } => AttachmentState.Failed,
        { State: XenbusState.Closing } => AttachmentState.Leaving,
        _ when directory.Backend is XenbusState.Closing or XenbusState.Closed => AttachmentState.Leaving,
        { IsPublished: true } when directory.Frontend is XenbusState.Connected or XenbusState.Reconfiguring => AttachmentState.Connected,
        _ => AttachmentState.Offered,
    };

    private static string? FailureOf(DeviceKeys keys) => keys switch
    {
        { IsFailed: false } => null,
        { Error: null } => "no reason given",
        _ => StoreFormats.Bounded(keys.Error),
    };

    private static T Ask<T>(Func<T> question)
    {
        try
        {
            return question();
        }
        catch (HypervisorException e)
        {
            throw new BackendException(BackendFailure.Failed, e.Message, e);
        }
    }

    private DomainInfo Living(int domainId) => Ask(() => _services.Domains.Find(domainId)) is { } domain
        ? domain
        : throw new BackendException(BackendFailure.Failed, $"there is no domain {domainId}");

    private async Task<IReadOnlyList<AttachedDevice>> AttachNowAsync(AttachRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var life = DomainLife.Of(Suitable(request.DomainId));
        List<HeldDevice> devices = DevicesFor(request.Spec);
        using IDisposable reserved = _reservations.Take(request.DomainId, [.. devices.Select(static device => device.Address)]);
        foreach (HeldDevice device in devices)
        {
            RefuseIfTaken(life, device);
        }

        // Who wants a device now is the one it comes back to.
        foreach (JournalEntry wish in devices.SelectMany(device => _services.Journal.WishesFor(device.Address)))
        {
            if (wish.Life != life && !(wish.Life.IsSameGuestAs(life) && request.Keep))
            {
                _services.Journal.Close(wish);
            }
        }

        await _attach.RunAsync(life, devices, request, cancellationToken).ConfigureAwait(false);
        AttachedDevice[] attached = [.. List(request.DomainId).Where(device => devices.Any(wanted => wanted.Address == device.Host))];
        if (attached.Length == devices.Count)
        {
            return attached;
        }

        // All or none: what is left of them is taken back.
        PciAddress[] wanted = [.. devices.Select(static device => device.Address)];
        await _takeBack.RunAsync(life, wanted, forget: true).ConfigureAwait(false);
        throw new BackendException(
            BackendFailure.Failed,
            $"domain {request.DomainId}: {string.Join(", ", wanted.Except(attached.Select(static device => device.Host)))} was removed at once by somebody else");
    }

    private DomainInfo Suitable(int domainId)
    {
        if (domainId == 0)
        {
            throw new BackendException(BackendFailure.Refused, "domain 0 is the host itself: its devices need no passthrough (pci-assignable-remove gives one back)");
        }

        DomainInfo domain = Living(domainId);
        if (domain.HasEnded)
        {
            throw new BackendException(BackendFailure.Failed, domain.IsDying ? $"domain {domainId} is dying" : $"domain {domainId} has halted");
        }

        RefuseHardwareVirtualized(domain);
        if (!_services.Domains.CanAssignDevices)
        {
            throw new BackendException(
                BackendFailure.Refused, "Xen uses no IOMMU: a guest's device could read and write all of the host's memory; enable VT-d or AMD-Vi and boot Xen with iommu=on");
        }

        return domain;
    }

    private static void RefuseHardwareVirtualized(DomainInfo domain)
    {
        if (domain.IsHardwareVirtualized)
        {
            throw new BackendException(
                BackendFailure.Refused,
                $"domain {domain.DomainId} is an HVM or PVH guest: its devices are served by QEMU or not at all; use xl pci-attach and xl pci-detach");
        }
    }

    private List<HeldDevice> DevicesFor(PciSpec spec)
    {
        if (spec.IsAllFunctions)
        {
            if (spec.VirtualSlot is null)
            {
                throw new BackendException(BackendFailure.Malformed, $"{spec}: all functions of a slot need a slot in the guest: add @VSLOT");
            }

            PciAddress slot = spec.Address!.Value;
            List<HeldDevice> functions = [.. _services.Custody.Held().Where(device => device.Address.SharesSlotWith(slot))];
            return functions.Count > 0
                ? functions
                : throw new BackendException(BackendFailure.Failed, $"{spec}: none of its functions is assignable; add them with pci-assignable-add");
        }

        string wanted = spec.Name ?? spec.Address!.Value.ToString();
        if (_services.Custody.Find(wanted) is { } held)
        {
            return [held];
        }

        if (spec is { Seize: true, Address: { } address })
        {
            return [_services.Custody.Take(address, name: null, force: false)];
        }

        throw new BackendException(BackendFailure.Failed, $"{wanted} is not assignable; add it with pci-assignable-add, or with seize=1");
    }

    private void RefuseIfTaken(DomainLife life, HeldDevice device)
    {
        PciAddress address = device.Address;
        int? owner = device.OwnerDomain
            ?? _services.Journal.HolderOf(address)?.DomainId
            ?? OwnerNote.Read(_services.Store, address) switch
            {
                { } noted when _services.Domains.Find(noted) is { HasEnded: false } => noted,
                _ => null,
            };
        if (owner == life.DomainId)
        {
            throw new BackendException(BackendFailure.Failed, $"domain {life.DomainId} has {address} already");
        }

        if (owner is not null)
        {
            throw new BackendException(BackendFailure.Refused, $"{address} belongs to domain {owner}; detach it there first");
        }
    }

    private async Task DetachNowAsync(int domainId, PciSpec spec, bool force, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        DomainInfo domain = Living(domainId);
        RefuseHardwareVirtualized(domain);
        var life = DomainLife.Of(domain);
        GuestDirectory directory = DirectoryReader.Read(_services.Store, GuestId.Of(domainId));
        HashSet<PciAddress> present = [.. directory.Devices.Where(static keys => keys.Host is not null).Select(static keys => keys.Host!.Value)];
        IReadOnlySet<PciAddress> ours = _services.Journal.OfferedTo(life);
        PciAddress[] wanted = spec switch
        {
            { IsAllFunctions: true } => [.. present.Where(device => device.SharesSlotWith(spec.Address!.Value))],
            { Name: { } name } => _services.Custody.Find(name) is { } held ? [held.Address] : [],
            _ => [spec.Address!.Value],
        };
        wanted = [.. wanted.Where(device => present.Contains(device) || ours.Contains(device))];
        if (wanted.Length == 0)
        {
            throw new BackendException(BackendFailure.Failed, $"domain {domainId} does not have {spec}");
        }

        using IDisposable reserved = _reservations.Take(domainId, wanted);
        await _detach.RunAsync(
            life, [.. wanted.Where(ours.Contains)], [.. wanted.Where(device => !ours.Contains(device))], force, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A guest that died or was taken offline, or whose devices xl removed: ours are taken back.</summary>
    private Task<bool> SettleAsync(DomainLife life) => _requests.RunAsync(life.DomainId, async () =>
    {
        PciAddress[] devices = DepartedDevices.Of(_services, life);
        if (devices.Length > 0 && HasEndedOnly(life))
        {
            await _takeBack.RunBesideToolstackAsync(life, devices).ConfigureAwait(false);
        }
        else if (devices.Length > 0)
        {
            await _takeBack.RunAsync(life, devices, forget: false).ConfigureAwait(false);
        }

        _leftMessages.TakeBack(life);
        return true;
    });

    private bool HasEndedOnly(DomainLife life) =>
        _services.Domains.StageOf(life) == LifeStage.Halted;

    /// <summary>A kept device's guest is back with a new id: it stands still until it has the device, if it had not started yet.</summary>
    private async Task AttachAgainAsync(DomainInfo domain, IReadOnlyList<JournalEntry> wishes)
    {
        var life = DomainLife.Of(domain);
        JournalEntry pause = _pauses.Begin(life, wishes[0].Device);
        try
        {
            foreach (JournalEntry wish in wishes)
            {
                try
                {
                    // Its former life must have let go of it first.
                    await SettleAsync(wish.Life).ConfigureAwait(false);
                    var spec = PciSpec.Parse(wish.Grant.Text ?? wish.Device.ToString());
                    if (spec.IsAllFunctions)
                    {
                        spec = spec with { Address = wish.Device, IsAllFunctions = false };
                    }

                    await AttachAsync(new(domain.DomainId, spec, Wait: false, Keep: true), CancellationToken.None).ConfigureAwait(false);
                    _services.Journal.Close(wish);
                    ToolstackLog.AttachedAgain(_services.Logger, domain.DomainId, wish.Device);
                }
                catch (Exception e) when (e is BackendException or HypervisorException or IOException or FormatException)
                {
                    // A daemon that was killed just after the attach left the wish.
                    if (_services.Journal.OfferedTo(life).Contains(wish.Device))
                    {
                        _services.Journal.Close(wish);
                    }
                    else
                    {
                        ToolstackLog.NotAttachedAgain(_services.Logger, domain.DomainId, wish.Grant.Text ?? string.Empty, e);
                    }
                }
            }
        }
        finally
        {
            _pauses.End(pause);
        }
    }

    /// <summary>Nobody asks for it again: what could not be read is tried until it can be.</summary>
    private async Task RecoverUntilDoneAsync(DomainLife life)
    {
        while (!_isDisposed)
        {
            try
            {
                await _requests.RunAsync(life.DomainId, async () =>
                {
                    await RecoverAsync(life).ConfigureAwait(false);
                    return true;
                }).ConfigureAwait(false);
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

            await Task.Delay(RecoveryPause).ConfigureAwait(false);
        }
    }

    private async Task RecoverAsync(DomainLife life)
    {
        bool isAlive = _services.Domains.IsAlive(life);
        GuestDirectory? directory = isAlive ? DirectoryReader.Read(_services.Store, GuestId.Of(life.DomainId)) : null;
        foreach (IGrouping<PciAddress, JournalEntry> device in _services.Journal.AttachmentsOf(life).GroupBy(static entry => entry.Device).ToList())
        {
            JournalEntry? nodes = device.FirstOrDefault(static entry => entry.Grant.Kind == GrantKind.Nodes);
            DeviceKeys? keys = directory?.Find(device.Key);
            if (nodes?.Owner == GrantOwner.Toolstack)
            {
                // A detach of xl's device was interrupted: the request is as good as withdrawn, xl's grants are untouched.
                _services.Journal.Close(nodes);
                continue;
            }

            bool isWhole = nodes is not null && keys is not null && device.All(static entry => entry.IsDone || entry.Grant.Kind == GrantKind.Nodes);
            if (isWhole && keys!.State != XenbusState.Closing)
            {
                if (!nodes!.IsDone)
                {
                    _services.Journal.Complete(nodes);
                }

                ToolstackLog.Recovered(_services.Logger, life.DomainId, device.Key, "completed");
                continue;
            }

            await FinishInterruptedAsync(life, device.Key, isWhole).ConfigureAwait(false);
        }

        _pauses.Recover(life);
    }

    /// <summary>One that was attached again after a reboot of its guest is still wanted: it is undone, and done again.</summary>
    private async Task UndoAsync(DomainLife life, PciAddress device, bool forget)
    {
        List<JournalEntry> wishes = [.. _services.Journal.WishesFor(device).Where(wish => wish.Life.IsSameGuestAs(life))];
        bool isAgain = wishes.Exists(wish => wish.Life != life);
        await _takeBack.RunAsync(life, [device], forget && !isAgain).ConfigureAwait(false);
        if (isAgain)
        {
            wishes.Where(wish => wish.Life == life).ToList().ForEach(_services.Journal.Close);
        }
    }

    /// <summary>An attach that was interrupted is undone; a detach that was interrupted goes on.</summary>
    private async Task FinishInterruptedAsync(DomainLife life, PciAddress device, bool isDetach)
    {
        try
        {
            bool isThisBootsGuest = _services.Domains.IsAlive(life);
            if (isDetach)
            {
                await _detach.RunAsync(life, [device], [], force: false, CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                await UndoAsync(life, device, forget: isThisBootsGuest).ConfigureAwait(false);
            }

            ToolstackLog.Recovered(_services.Logger, life.DomainId, device, isDetach ? "completed" : "undone");
        }
        catch (Exception e) when (e is BackendException or HypervisorException or IOException)
        {
            // The journal keeps what is left; the daemon starts for the other guests.
            ToolstackLog.NotSettled(_services.Logger, life.DomainId, e);
        }
    }
}
