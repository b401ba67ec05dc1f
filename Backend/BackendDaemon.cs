using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Machines;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Succession;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Pci;
using PciBackFlow.Pipeline;

namespace PciBackFlow.Backend;

/// <summary>
/// The daemon, composed: the backend over a machine, the control API in front of it, and xl's view beside it. The process around
/// it (configuration, service manager, log) is the program's. Used by one thread at a time: made, <see cref="Open"/>, <see cref="Start"/> (or its two parts),
/// <see cref="StartControlAsync"/>, <see cref="Serving"/>, <see cref="StopControlAsync"/>, <see cref="Dispose"/>. Where another daemon may follow,
/// <see cref="QuietAsync"/> and <see cref="Release"/>; and when none does, <see cref="Resume"/>, <see cref="StartControlAsync"/>, <see cref="Serving"/>.
/// </summary>
public sealed partial class BackendDaemon : IDisposable
{
    private static readonly TimeSpan ReloadPatience = TimeSpan.FromSeconds(5);

    private readonly Machine _machine;
    private readonly BackendDaemonOptions _options;
    private readonly SemaphoreSlim _reloading = new(1, 1);
    private readonly LoopbackPorts _ports = new();
    private volatile IReadOnlyList<SettingReport> _configuration;
    private volatile PolicySources _policies;
    private BackendHost _host;
    private BackendHost? _spare;
    private ControlServer? _control;
    private bool _hasServed;
    private volatile bool _isReleased;
    private PcibackDirectory? _xl;
    private volatile StallAlarm? _alarm;

    /// <summary>Composes it; nothing runs before <see cref="Start"/>.</summary>
    /// <param name="machine">What it serves on; disposed by the caller, after the daemon.</param>
    /// <param name="options">What it runs with.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it and the legal range.</exception>
    /// <exception cref="HypervisorException">The platform refused a descriptor.</exception>
    /// <exception cref="BackendException">A device of the configuration is several.</exception>
    public BackendDaemon(Machine machine, BackendDaemonOptions options)
    {
        _machine = machine;
        _options = options;
        _configuration = options.Configuration;
        _policies = options.Policies;
        options.Policies.Devices.Check(machine.Custody.Present);
        _host = MakeHost();
        Shards = new ShardLiveness(_host.Engine.ShardCount, InvokeOnShard, shard => _host.Engine.IsAsleep(shard));
    }

    /// <summary>Whether the shards do their work.</summary>
    public ShardLiveness Shards { get; }

    /// <summary>Watches the shards from when it is started on; to be disposed before this.</summary>
    /// <param name="stalled">Told once which shards do not come back to their guests.</param>
    public StallAlarm WatchShards(Action<string> stalled) => _alarm = new(Shards, Progress, () => _host.Engine.IsQuiet, stalled);

    /// <summary>What a daemon has to agree on that is to follow another one, or be followed.</summary>
    /// <param name="version">The program's.</param>
    /// <param name="platform">What it serves on.</param>
    /// <param name="stateDirectory">Where held devices are written down.</param>
    public static SuccessionTerms TermsOf(string version, string platform, string stateDirectory) =>
        new(SuccessionTerms.CurrentProtocol, version, platform, Path.GetFullPath(stateDirectory), SuccessionFormats.All);

    /// <summary>The guests that live now, by domain id.</summary>
    public IReadOnlyList<GuestSnapshot> Guests => _host.Guests;

    /// <summary>Opens what another daemon may have open as well. Nobody is served.</summary>
    /// <exception cref="HypervisorException">The platform refused domain control, grants or xenstore.</exception>
    public void Open() => _host.Open();

    /// <summary>After <see cref="Open"/>, while another daemon serves: gets ready to serve its guests as soon as it lets go of them.</summary>
    public void Rehearse() => _host.Rehearse();

    /// <summary>Starts the backend: guests are served from now on.</summary>
    /// <exception cref="HypervisorException">The platform refused domain control, grants or xenstore.</exception>
    /// <exception cref="IOException">The journal can't be read or written, or another backend has it open.</exception>
    public void Start() => _host.Start();

    /// <summary>The first part of <see cref="Start"/>: guests, who wait. <see cref="StartManaging"/> is to follow.</summary>
    /// <exception cref="HypervisorException">The platform refused domain control, grants or xenstore.</exception>
    /// <exception cref="IOException">The journal can't be read or written, or another backend has it open.</exception>
    public void StartServing() => _host.StartServing();

    /// <summary>The second part: what people and devices' errors want.</summary>
    /// <exception cref="HypervisorException">The platform refused the calls for devices.</exception>
    public void StartManaging() => _host.StartManaging();

    /// <summary>Answers the control API's requests from now on. The backend has been started.</summary>
    /// <param name="socket">Its socket's absolute path; nothing lies there.</param>
    /// <param name="loggers">Where its lines go.</param>
    /// <exception cref="IOException">It can't listen at its socket.</exception>
    public async Task StartControlAsync(string socket, ILoggerFactory loggers)
    {
        _host.Traces.Open();
        _host.Profiler.Open();
        ControlServices services = new()
        {
            Version = _options.Version,
            Platform = _options.Platform,
            Topology = _options.Topology,
            Guests = () => _host.Guests,
            NameOf = _host.NameOf,
            Counters = _host.Engine.ReadCounters,
            Totals = _host.Engine.ReadShards,
            Passages = _host.Engine.ReadPassages,
            Shards = Shards,
            Custody = _machine.Custody,
            Toolstack = _host.Toolstack!,
            Errors = () => new(_host.ErrorRemarks, _host.Errors),
            Configuration = () => _configuration,
            Traces = _host.Traces,
            Profiler = _host.Profiler,
            Reload = ReloadAsync,
            Journal = _host.Journal,
            Inheritance = _host.Inheritance,
            Policies = () => _policies,
        };

        // First: who finds the socket finds everything.
        await _ports.StartAsync(_options.MetricsPort, _options.PagePort, services, loggers, _options.Logger).ConfigureAwait(false);
        _control = new(socket, services, loggers);
        await _control.StartAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Reads the configuration again and puts what it says of policies in force, without a guest noticing; nothing else of it. One at a time.
    /// </summary>
    /// <returns>What became of it.</returns>
    /// <exception cref="BackendException">It says something wrong; nothing was changed.</exception>
    public async Task<ReloadReport> ReloadAsync()
    {
        if (_options.ReadAgain is not { } read)
        {
            throw new BackendException(BackendFailure.Failed, "this daemon has no configuration that could be read again");
        }

        await _reloading.WaitAsync().ConfigureAwait(false);
        try
        {
            (PolicySources policies, IReadOnlyList<SettingReport> configuration) = read();
            policies.Devices.Check(_machine.Custody.Present);
            if (_control is null)
            {
                throw new BackendException(BackendFailure.Failed, "the daemon does not take commands just now; try again");
            }

            _policies = _policies with { General = policies.General, Devices = policies.Devices, Quirks = policies.Quirks };
            (IReadOnlyList<PciAddress> changed, IReadOnlyList<PciAddress> waiting) =
                await _host.ChangePoliciesAsync(_policies, ReloadPatience).ConfigureAwait(false);
            string[] restart = [.. Unheeded(_configuration, configuration)];
            _configuration =
            [
                .. _configuration.Where(static setting => !SettingReport.IsPolicy(setting.Key)),
                .. configuration.Where(static setting => SettingReport.IsPolicy(setting.Key)),
            ];
            ReloadReport report = new(
                [.. changed.Select(static address => address.ToString())], [.. waiting.Select(static address => address.ToString())], restart);
            LogReloaded(_options.Logger, report.Changed.Count, report.Waiting.Count);
            return report;
        }
        finally
        {
            _reloading.Release();
        }
    }

    /// <summary>Takes no more of the control API's requests, and waits for those under way.</summary>
    /// <param name="limit">For how long; what is not done by then is cut off. Of metrics and live page a second at most.</param>
    public async Task StopControlAsync(TimeSpan limit)
    {
        // Those would not end by themselves, or not soon.
        _host.Traces.Close();
        _host.Profiler.Close();

        // Both at once: who follows this daemon, and the service manager, have patience for one limit.
        await Task.WhenAll(_ports.StopAsync(limit), _control?.StopAsync(limit) ?? Task.CompletedTask).ConfigureAwait(false);
    }

    /// <summary>
    /// What is being done with the machine's devices, by xl or by itself, is waited for while guests are served: they would wait for it later on.
    /// </summary>
    /// <param name="limit">For how long; what is not done by then ends with the process.</param>
    public async Task SettleAsync(TimeSpan limit)
    {
        Task xl = _xl is { } view ? Task.Run(view.Dispose) : Task.CompletedTask;
        await Task.WhenAny(Task.WhenAll(xl, _machine.SettledAsync()), Task.Delay(limit)).ConfigureAwait(false);
    }

    /// <summary>Guests and people are served from now on: begins what they need not wait for, and what only works when somebody answers.</summary>
    public void Serving()
    {
        if (!_hasServed)
        {
            _hasServed = true;
            _machine.Started();
        }

        if (!_machine.HasXl)
        {
            return;
        }

        try
        {
            _xl = new PcibackDirectory(_machine.Custody, _options.Policies.Attributes, _options.RunDirectory, _options.Logger);
        }
        catch (BackendException failure)
        {
            // Everything but 'pcibackflow xl' works without it.
            LogNoView(_options.Logger, failure.Message);
        }
    }

    /// <summary>Another daemon may follow soon: takes no commands any more, xl's neither, and gets ready to come back. Guests are served on.</summary>
    /// <remarks>When it fails commands are not taken all the same.</remarks>
    /// <param name="limit">How long commands under way are waited for; what is not done by then is left to who follows.</param>
    /// <exception cref="HypervisorException">The platform has no room for a second one.</exception>
    /// <exception cref="BackendException">Something is under way that two processes must not be at.</exception>
    public async Task QuietAsync(TimeSpan limit)
    {
        await Task.WhenAll(StopControlAsync(limit), SettleAsync(limit)).ConfigureAwait(false);
        _control?.Dispose();
        _control = null;
        _ports.Dispose();
        _xl = null;
        if (_machine.IsChanging)
        {
            throw new BackendException(BackendFailure.Refused, "a device is being taken or given back; two processes must not be at that");
        }

        if (_host.Leaving is [var hung, ..])
        {
            throw new BackendException(
                BackendFailure.Refused,
                $"a request for {hung} has not come back, and only the end of this process keeps it from its next guest: stop it and start another one");
        }

        BackendHost spare = MakeHost();
        try
        {
            spare.Open();
        }
        catch
        {
            spare.Dispose();
            throw;
        }

        (_spare, BackendHost? before) = (spare, _spare);
        before?.Dispose();
    }

    /// <summary>After <see cref="QuietAsync"/>: nobody is served any more, and another daemon may.</summary>
    /// <returns>When the first guest was not served any more (<see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>).</returns>
    public long Release()
    {
        _isReleased = true;
        long since = _host.Release();
        _machine.Custody.LeaveToNext();
        return since;
    }

    /// <summary>After <see cref="Release"/>: nobody followed. Serves again, as a new daemon would.</summary>
    /// <exception cref="HypervisorException">The platform refuses.</exception>
    /// <exception cref="IOException">The journal can't be read or written, or another backend has it open after all.</exception>
    public void Resume()
    {
        BackendHost released = _host;
        _host = _spare ?? MakeHost();
        _spare = null;
        _host.Start();
        _isReleased = false;
        released.Dispose();
    }

    /// <summary>Stops serving. Guests keep their directories and functions for the next daemon.</summary>
    public void Dispose()
    {
        _control?.Dispose();
        _ports.Dispose();
        _host.Dispose();
        _spare?.Dispose();
        _xl?.Dispose();
        _reloading.Dispose();
    }

    // Between two hosts there is no shard, which is not one that does not answer.
    private void InvokeOnShard(int shard, Action action)
    {
        try
        {
            _host.Engine.Invoke(shard, action);
        }
        catch (ObjectDisposedException) when (_isReleased)
        {
        }
    }

    // Asking a shard whether it lives is no progress.
    private long Progress(int shard)
    {
        ShardTotals counters = _host.Engine.ReadShards()[shard];
        return counters.Deliveries + counters.Served + counters.Offloaded + counters.Expired + counters.Takeovers;
    }

    private BackendHost MakeHost()
    {
        BackendHost host = new(HostOptions());
        host.Engine.Resumed = () => _alarm?.Stir();
        return host;
    }

    private BackendOptions HostOptions() => new()
    {
        Hypervisor = _machine.Hypervisor,
        FunctionSource = _machine.Custody.Functions,
        Devices = new() { Custody = _machine.Custody, JournalDirectory = _options.RunDirectory },
        Topology = _options.Topology,
        Shards = _options.Shards,
        SpinMicroseconds = _options.SpinMicroseconds,
        SampleEvery = _options.SampleEvery,
        Slots = _options.Slots,
        Policies = _policies with { Present = _machine.Custody.Present },
        Errors = _machine.Errors,
        Logger = _options.Logger,
    };

    // One that is not there any more has another value, too: its default.
    private static IEnumerable<string> Unheeded(IReadOnlyList<SettingReport> before, IReadOnlyList<SettingReport> now) =>
        now.Concat(before).Select(static setting => setting.Key).Where(static key => !SettingReport.IsPolicy(key)).Distinct()
            .Where(key => ValueOf(before, key) != ValueOf(now, key));

    private static string? ValueOf(IReadOnlyList<SettingReport> configuration, string key) =>
        configuration.FirstOrDefault(setting => setting.Key == key)?.Value;

    [LoggerMessage(Level = LogLevel.Information, Message = "configuration read again: {Changed} functions have another policy, {Waiting} get it soon")]
    private static partial void LogReloaded(ILogger logger, int changed, int waiting);

    [LoggerMessage(Level = LogLevel.Warning, Message = "'pcibackflow xl' will not work: {Reason}")]
    private static partial void LogNoView(ILogger logger, string reason);
}
