using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Attaching.Toolstack;
using PciBackFlow.Backend.Devices;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pipeline;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Stages;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Filter.Compile;
using PciBackFlow.Stages.Filter.Map;
using PciBackFlow.Stages.Filter.Policy;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Respond;

namespace PciBackFlow.Backend;

/// <summary>
/// The backend, composed: the engine with its shards, and the life cycles that bind guests to them. Serve, load and tests all use it.
/// Any thread; <see cref="Start"/> and <see cref="Dispose"/> once each.
/// </summary>
public sealed class BackendHost : IDisposable
{
    private readonly Lock _lock = new();
    private readonly BackendOptions _options;
    private readonly PolicyResolver _policies;
    private readonly PipelineEngine<GuestOperation, IngestStage, DecodeStage, FilterStage, ExecuteStage, RespondStage, NotifyStage> _engine;
    private readonly IEventChannels[] _channels;
    private IDomainControl? _domains;
    private IGrantTable? _grants;
    private IXenStore? _store;
    private DomainEvents? _domainEvents;
    private IPhysdev? _physdev;
    private InterruptOperations? _interrupts;
    private GuestRegistry? _registry;
    private DeniedWriteLog? _deniedWrites;
    private ShardNotices? _notices;
    private GrantJournal? _journal;
    private PciToolstack? _toolstack;
    private bool _isDisposed;

    /// <summary>Builds the backend; opens one event-channel descriptor for each shard. Nothing runs before <see cref="Start"/>.</summary>
    /// <param name="options">What it is made of.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it and the legal range.</exception>
    /// <exception cref="HypervisorException">The platform refused a descriptor.</exception>
    public BackendHost(BackendOptions options)
    {
        _options = options;
        EngineOptions engine = options.Engine with
        {
            Topology = options.Topology,
            Shards = options.Shards == 0 ? BackendOptions.AutomaticShards : options.Shards,
            SpinMicroseconds = options.SpinMicroseconds,
            SampleEvery = options.SampleEvery,
        };
        engine.Validate();
        _policies = new(options.Policies);
        Warnings = new(options.Logger);
        _channels = new IEventChannels[engine.Shards];
        _engine = new(new(default, default, default, default, default, default), engine, OpenSource, static () => new GuestOperation());
    }

    /// <summary>The engine: counters, threads, stage timings.</summary>
    public IPipelineEngine<GuestOperation> Engine => _engine;

    /// <summary>What guests did wrong.</summary>
    public DistinctWarnings Warnings { get; }

    /// <summary>The guests that live now, by domain id.</summary>
    public IReadOnlyList<GuestSnapshot> Guests => _registry?.Snapshots() ?? [];

    /// <summary>Attach, detach and list; null before <see cref="Start"/> and without <see cref="BackendOptions.Devices"/>.</summary>
    public IToolstack? Toolstack => _toolstack;

    /// <summary>How many grants the journal holds; 0 before <see cref="Start"/> and without <see cref="BackendOptions.Devices"/>.</summary>
    internal int OpenGrants => _journal?.Count ?? 0;

    /// <summary>
    /// Starts the shards, finds the guests that are there and watches for more. What an earlier backend of this boot left half
    /// attached is finished beside serving.
    /// </summary>
    /// <exception cref="HypervisorException">The platform refused domain control, grants or xenstore; nothing is left open.</exception>
    /// <exception cref="IOException">The journal can't be read or written, or another backend has it open.</exception>
    public void Start()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_registry is not null)
            {
                throw new InvalidOperationException("the backend has been started already");
            }

            try
            {
                _domains = _options.Hypervisor.OpenDomainControl();
                _grants = _options.Hypervisor.OpenGrantTable();
                _store = _options.Hypervisor.OpenXenStore();
                _domainEvents = new(_store);
                if (_options.Devices is { } journalled)
                {
                    _journal = GrantJournal.Open(journalled.JournalDirectory, BootId.Read(), _options.Logger);
                }

                OpenInterrupts();
                _engine.Start();
                _deniedWrites = new(Warnings);
                _registry = new(new GuestServices
                {
                    Store = _store,
                    DomainEvents = _domainEvents,
                    Domains = _domains,
                    Grants = _grants,
                    Lanes = new(_engine, _channels, _options.Interrupts ?? _interrupts, _deniedWrites),
                    Interrupts = _interrupts,
                    Functions = _options.Devices is { } noted
                        ? new NotedClaims(_options.FunctionSource, noted.Custody, _journal!, _domains, _options.Logger) : _options.FunctionSource,
                    CreateSlots = _options.Slots == SlotMode.Passthrough ? static () => new PassthroughSlots() : static () => new VpciSlots(),
                    Permissions = new(_policies, Warnings),
                    Notices = _notices = new(),
                    Logger = _options.Logger,
                    Warnings = Warnings,
                });
                _policies.Changed += _registry.ChangePolicy;
                _domainEvents.Start();
                _registry.Start();
                if (_options.Devices is { } devices)
                {
                    StartToolstack(devices);
                }
            }
            catch
            {
                Close();
                throw;
            }
        }
    }

    /// <summary>How often a guest's life cycle has looked at xenstore: what a storm of events must not multiply.</summary>
    /// <param name="guest">Which guest.</param>
    /// <returns>Passes since it was found.</returns>
    public long ReadPasses(GuestId guest) => _registry?.PassesOf(guest) ?? 0;

    /// <summary>A domain's name, as its toolstack wrote it.</summary>
    /// <param name="domainId">The domain.</param>
    /// <returns>The name; null when it has none or the backend has not been started.</returns>
    public string? NameOf(int domainId) => _store?.Read(StoreKeys.NameOf(domainId));

    /// <summary>
    /// Stops: no guest is served any more, pages are unmapped, ports unbound. Guests keep their directories and functions, so that a
    /// later backend can go on with those that were not connected.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isDisposed)
            {
                Close();
            }
        }
    }

    private void StartToolstack(DeviceService devices)
    {
        _physdev ??= _options.Hypervisor.OpenPhysdev();
        _toolstack = new(new()
        {
            Store = _store!,
            DomainEvents = _domainEvents!,
            Domains = _domains!,
            Physdev = _physdev,
            Custody = devices.Custody,
            Journal = _journal!,
            Logger = _options.Logger,
        });

        // Beside everything else: a guest that was being asked to let go has half a minute for that.
        _ = _toolstack.RecoverAsync();
        _toolstack.Start();
    }

    private void Close()
    {
        _isDisposed = true;
        _toolstack?.Dispose();
        if (_registry is not null)
        {
            _policies.Changed -= _registry.ChangePolicy;
            _registry.Dispose();
        }

        _domainEvents?.Dispose();
        _engine.Dispose();
        _notices?.Dispose();
        _interrupts?.Dispose();
        _deniedWrites?.Dispose();
        _grants?.Dispose();
        _store?.Dispose();
        _journal?.Dispose();
        _physdev?.Dispose();
        _domains?.Dispose();
    }

    private void OpenInterrupts()
    {
        if (_options.Interrupts is not null)
        {
            return;
        }

        try
        {
            _physdev = _options.Hypervisor.OpenPhysdev();
            _interrupts = new(_physdev, Warnings, _options.Logger, _journal is null ? null : new(_journal, _domains!));
        }
        catch (HypervisorException e)
        {
            // Everything but interrupts works without these calls.
            GuestLog.NoInterrupts(_options.Logger, e.Message);
        }
    }

    private EventChannelReadySource OpenSource(int shard)
    {
        IEventChannels channels = _options.Hypervisor.OpenEventChannels();
        _channels[shard] = channels;
        return new(channels);
    }
}
