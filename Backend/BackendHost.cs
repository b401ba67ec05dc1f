using System.Diagnostics;
using PciBackFlow.Backend.Attaching;
using PciBackFlow.Backend.Attaching.Toolstack;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Backend.Errors;
using PciBackFlow.Backend.Grants;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Inheritance;
using PciBackFlow.Backend.Interrupts;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Slots;
using PciBackFlow.Backend.Tracing;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Decode;
using PciBackFlow.Stages.Execute;
using PciBackFlow.Stages.Filter;
using PciBackFlow.Stages.Ingest;
using PciBackFlow.Stages.Notify;
using PciBackFlow.Stages.Respond;
using PciBackFlow.Stages.Tracing;

namespace PciBackFlow.Backend;

/// <summary>
/// The backend, composed: the engine with its shards, and the life cycles that bind guests to them. Serve, load and tests all use it.
/// Any thread; <see cref="Start"/> and <see cref="Dispose"/> once each.
/// </summary>
public sealed partial class BackendHost : IDisposable
{
    private readonly Lock _lock = new();
    private readonly BackendOptions _options;
    private readonly PolicyResolver _policies;
    private readonly ErrorQuarantine _quarantine;
    private readonly PipelineEngine<GuestOperation, IngestStage, DecodeStage, FilterStage, ExecuteStage, RespondStage, NotifyStage> _engine;
    private readonly IEventChannels[] _channels;
    private readonly ShardTrace[] _traces;
    private IDomainControl? _domains;
    private IGrantTable? _grants;
    private IXenStore? _store;
    private RememberedStore? _remembered;
    private DomainEvents? _domainEvents;
    private IPhysdev? _physdev;
    private InterruptOperations? _interrupts;
    private GuestRegistry? _registry;
    private DeniedWriteLog? _deniedWrites;
    private ShardNotices? _notices;
    private GrantJournal? _journal;
    private GuestInheritance? _inheritance;
    private PciToolstack? _toolstack;
    private DeviceErrors? _errors;
    private bool _hasEnded;
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
        _quarantine = new(options.ErrorTiming, TimeProvider.System);
        Warnings = new(options.Logger);
        _channels = new IEventChannels[engine.Shards];
        _traces = [.. Enumerable.Range(0, engine.Shards).Select(static shard => new ShardTrace(shard))];
        Traces = new(_traces);
        _engine = new(new(default, default, default, default, default, default), engine, OpenSource, static () => new GuestOperation());
        Profiler = new(_engine);
    }

    /// <summary>The engine: counters, threads, stage timings.</summary>
    public IPipelineEngine<GuestOperation> Engine => _engine;

    /// <summary>What guests ask for and get, for those who look.</summary>
    public TraceHub Traces { get; }

    /// <summary>Where the time of guests' requests goes, for those who ask.</summary>
    public RequestProfiler Profiler { get; }

    /// <summary>What guests did wrong.</summary>
    public DistinctWarnings Warnings { get; }

    /// <summary>The guests that live now, by domain id.</summary>
    public IReadOnlyList<GuestSnapshot> Guests => _registry?.Snapshots() ?? [];

    /// <summary>The functions that guests have lost but for a request that has not come back: nobody gets them as long as this process lives.</summary>
    public IReadOnlyList<PciAddress> Leaving => _registry?.Leaving ?? [];

    /// <summary>Attach, detach and list; null before <see cref="Start"/> and without <see cref="BackendOptions.Devices"/>.</summary>
    public IToolstack? Toolstack => _toolstack;

    /// <summary>What became of devices' errors so far; empty before <see cref="Start"/> and where nobody tells of them.</summary>
    public IReadOnlyList<DeviceErrorReport> Errors => _errors?.Read() ?? [];

    /// <summary>Why devices' errors are not known, or not all of them, and what makes them worse here.</summary>
    public IReadOnlyList<string> ErrorRemarks => _options.Errors is { } source ? source.Remarks : ["nobody tells of them"];

    /// <summary>How many grants the journal holds; 0 before <see cref="Start"/> and without <see cref="BackendOptions.Devices"/>.</summary>
    internal int OpenGrants => _journal?.Count ?? 0;

    /// <summary>What was granted; null before <see cref="Start"/> and without <see cref="BackendOptions.Devices"/>.</summary>
    internal GrantJournal? Journal => _journal;

    /// <summary>What is left for the next backend; null likewise.</summary>
    internal GuestInheritance? Inheritance => _inheritance;

    /// <summary>
    /// Opens what another backend of this host may have open as well, and starts the shards: what <see cref="Start"/> need not do any more. Nobody is served.
    /// </summary>
    /// <exception cref="HypervisorException">The platform refused domain control, grants or xenstore; nothing is left open.</exception>
    public void Open()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_domains is not null)
            {
                throw new InvalidOperationException("the backend has been opened already");
            }

            try
            {
                _domains = _options.Hypervisor.OpenDomainControl();
                _grants = _options.Hypervisor.OpenGrantTable();
                _store = _options.Hypervisor.OpenXenStore();
                OpenPhysdev();
                _domainEvents = new(_store);
                _domainEvents.Start();
                _engine.Start();
            }
            catch
            {
                Close();
                throw;
            }
        }
    }

    /// <summary>
    /// After <see cref="Open"/>, while another backend serves: goes once the way that <see cref="StartServing"/> goes to each guest, as far as nothing changes
    /// by it, and remembers for then what xenstore says. What cannot be looked at now is looked at then.
    /// </summary>
    public void Rehearse()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _remembered ??= new(_store ?? throw new InvalidOperationException("the backend has not been opened"));
            GrantJournal.Rehearse();
            new Rehearsal(_remembered, host => _options.Devices?.Custody.Assess(host), _options.Logger).Run();
        }
    }

    /// <summary>
    /// Finds the guests that are there and watches for more; opens first what is not open. What an earlier backend of this boot left half attached is finished
    /// beside serving.
    /// </summary>
    /// <exception cref="HypervisorException">The platform refused domain control, grants or xenstore; nothing is left open.</exception>
    /// <exception cref="IOException">The journal can't be read or written, or another backend has it open.</exception>
    public void Start()
    {
        StartServing();
        StartManaging();
    }

    /// <summary>The first part of <see cref="Start"/>: guests, who wait.</summary>
    /// <exception cref="HypervisorException">The platform refused domain control, grants or xenstore; nothing is left open.</exception>
    /// <exception cref="IOException">The journal can't be read or written, or another backend has it open.</exception>
    public void StartServing()
    {
        lock (_lock)
        {
            if (_registry is not null)
            {
                throw new InvalidOperationException("the backend has been started already");
            }

            StartPart(Serve);
        }
    }

    /// <summary>The second part: attach, detach, and what becomes of devices' errors.</summary>
    /// <exception cref="HypervisorException">The platform refused the calls for devices; nothing is left open.</exception>
    public void StartManaging()
    {
        lock (_lock)
        {
            if (_registry is null)
            {
                throw new InvalidOperationException("guests come first");
            }

            StartPart(Manage);
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
    /// Ends serving, as soon as what is under way with guests allows: from here on another backend may serve them. What is left is closed by
    /// <see cref="Dispose"/>.
    /// </summary>
    /// <returns>When the first guest was not served any more (<see cref="Stopwatch.GetTimestamp"/>).</returns>
    public long Release()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            EndServing();
            return _registry?.StoppedAt ?? Stopwatch.GetTimestamp();
        }
    }

    /// <summary>
    /// What the configuration says of guests' policies is another from now on: every function that a guest has, or is just getting, gets what holds for it,
    /// between two of its requests.
    /// </summary>
    /// <param name="policies">What it says; the toolstack's options and pciback's attributes stay.</param>
    /// <param name="patience">How long is waited for.</param>
    /// <returns>The functions whose policy is another now, and those that were too busy so far: they are tried on.</returns>
    public async Task<(IReadOnlyList<PciAddress> Changed, IReadOnlyList<PciAddress> Waiting)> ChangePoliciesAsync(PolicySources policies, TimeSpan patience)
    {
        // Then the guests: what one is just getting may have been compiled under either.
        _policies.Replace(policies);
        IReadOnlyList<PolicyChange> asked = _registry?.ChangePolicies() ?? [];
        await Task.WhenAny(Task.WhenAll(asked.Select(static one => one.Done)), Task.Delay(patience)).ConfigureAwait(false);
        return (
            [.. asked.SelectMany(static one => one.Changed).Distinct().Order()],
            [.. asked.SelectMany(static one => one.Left).Distinct().Order()]);
    }

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

    private void StartPart(Action part)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_domains is null)
        {
            Open();
        }

        try
        {
            part();
        }
        catch
        {
            Close();
            throw;
        }
    }

    private void Serve()
    {
        _remembered?.Settle();
        if (_options.Devices is { } journalled)
        {
            _journal = GrantJournal.Open(journalled.JournalDirectory, BootId.Read(), _options.Logger);
            _inheritance = GuestInheritance.Open(
                Path.Combine(journalled.JournalDirectory, GuestInheritance.DirectoryName), BootId.Read(), _domains!, _options.Logger);
        }

        _inheritance?.Keep(_options.Policies.Attributes);
        StartInterrupts();
        _deniedWrites = new(Warnings);
        _registry = new(new GuestServices
        {
            Store = _store!,
            FirstStore = (IXenStore?)_remembered ?? _store!,
            DomainEvents = _domainEvents!,
            Domains = _domains!,
            Grants = _grants!,
            Lanes = new(_engine, _channels, _options.Interrupts ?? _interrupts, _deniedWrites, _traces),
            Interrupts = _interrupts,
            Inheritance = _inheritance,
            Functions = new QuarantinedFunctions(
                _options.Devices is { } noted
                    ? new NotedClaims(_options.FunctionSource, noted.Custody, _journal!, _domains!, _options.Logger) : _options.FunctionSource,
                _quarantine),
            CreateSlots = _options.Slots == SlotMode.Passthrough ? static () => new PassthroughSlots() : static () => new VpciSlots(),
            Permissions = new(_policies, Warnings),
            Notices = _notices = new(),
            Logger = _options.Logger,
            Warnings = Warnings,
        });
        _policies.Changed += _registry.ChangePolicy;
        _registry.Start();
    }

    private void Close()
    {
        _isDisposed = true;
        EndServing();
        _remembered?.Dispose();
        _domainEvents?.Dispose();
        _deniedWrites?.Dispose();
        _grants?.Dispose();
        _store?.Dispose();
        _physdev?.Dispose();
        _domains?.Dispose();
    }

    // What one backend at a time may do. Who still asks for something of guests ends before they do; who writes something down, before what it is written into.
    private void EndServing()
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        Traces.Dispose();
        _errors?.Dispose();
        _toolstack?.Dispose();
        if (_registry is not null)
        {
            _policies.Changed -= _registry.ChangePolicy;
            _registry.Dispose();
        }

        _engine.Dispose();
        _notices?.Dispose();
        _interrupts?.Dispose();
        _inheritance?.Dispose();
        _journal?.Dispose();
    }

    private void OpenPhysdev()
    {
        if (_options.Interrupts is not null)
        {
            return;
        }

        try
        {
            _physdev = _options.Hypervisor.OpenPhysdev();
        }
        catch (HypervisorException e)
        {
            // Everything but interrupts works without these calls.
            GuestLog.NoInterrupts(_options.Logger, e.Message);
        }
    }

    private void StartInterrupts()
    {
        if (_physdev is not null)
        {
            _interrupts = new(_physdev, Warnings, _options.Logger, _journal is null ? null : new(_journal, _domains!));
        }
    }

    private EventChannelReadySource OpenSource(int shard)
    {
        IEventChannels channels = _options.Hypervisor.OpenEventChannels();
        _channels[shard] = channels;
        return new(channels);
    }
}
