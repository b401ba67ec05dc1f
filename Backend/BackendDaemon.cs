using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Control.Server;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Machines;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Xl;
using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend;

/// <summary>
/// The daemon, composed: the backend over a machine, the control API in front of it, and xl's view beside it. The process around
/// it (configuration, service manager, log) is the program's. Used by one thread: made, <see cref="Start"/>,
/// <see cref="Serving"/>, <see cref="Dispose"/>, once each.
/// </summary>
public sealed partial class BackendDaemon : IDisposable
{
    private readonly Machine _machine;
    private readonly BackendDaemonOptions _options;
    private readonly BackendHost _host;
    private PcibackDirectory? _xl;

    /// <summary>Composes it; nothing runs before <see cref="Start"/>.</summary>
    /// <param name="machine">What it serves on; disposed by the caller, after the daemon.</param>
    /// <param name="options">What it runs with.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it and the legal range.</exception>
    /// <exception cref="HypervisorException">The platform refused a descriptor.</exception>
    public BackendDaemon(Machine machine, BackendDaemonOptions options)
    {
        _machine = machine;
        _options = options;
        _host = new BackendHost(new BackendOptions
        {
            Hypervisor = machine.Hypervisor,
            FunctionSource = machine.Custody.Functions,
            Devices = new() { Custody = machine.Custody, JournalDirectory = options.RunDirectory },
            Topology = options.Topology,
            Shards = options.Shards,
            SpinMicroseconds = options.SpinMicroseconds,
            Slots = options.Slots,
            Policies = options.Policies,
            Logger = options.Logger,
        });
        Shards = new ShardLiveness(_host.Engine.ShardCount, _host.Engine.Invoke);
    }

    /// <summary>Whether the shards do their work.</summary>
    public ShardLiveness Shards { get; }

    /// <summary>The guests that live now, by domain id.</summary>
    public IReadOnlyList<GuestSnapshot> Guests => _host.Guests;

    /// <summary>Adds the control API's server to the host that will run it.</summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="socket">The socket's absolute path; nothing lies there.</param>
    public static void AddControl(WebApplicationBuilder builder, string socket) => ControlServer.AddTo(builder, socket);

    /// <summary>Starts the backend and gives the control API its paths.</summary>
    /// <param name="application">The host that will run it, not started yet.</param>
    /// <exception cref="HypervisorException">The platform refused domain control, grants or xenstore.</exception>
    /// <exception cref="IOException">The journal can't be read or written, or another backend has it open.</exception>
    public void Start(WebApplication application)
    {
        _host.Start();
        ControlServer.Map(application, new ControlServices
        {
            Version = _options.Version,
            Platform = _options.Platform,
            Topology = _options.Topology,
            Guests = () => _host.Guests,
            NameOf = _host.NameOf,
            Counters = _host.Engine.ReadCounters,
            Shards = Shards,
            Custody = _machine.Custody,
            Toolstack = _host.Toolstack!,
            Configuration = _options.Configuration,
        });
    }

    /// <summary>Guests and people are served from now on: begins what they need not wait for, and what only works when somebody answers.</summary>
    public void Serving()
    {
        _machine.Started();
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

    /// <summary>Stops serving. Guests keep their directories and functions for the next daemon.</summary>
    public void Dispose()
    {
        _host.Dispose();
        _xl?.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "'pcibackflow xl' will not work: {Reason}")]
    private static partial void LogNoView(ILogger logger, string reason);
}
