using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Control;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Pci;

namespace PciBackFlow.Cli.Serve;

/// <summary>The daemon from its first line to its last: backend and control API in one generic host. Used by one thread, once.</summary>
internal sealed partial class Daemon : IDisposable
{
    // Longer than a detach that waits for its guest; the unit's TimeoutStopSec is longer still.
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(30);

    private readonly DaemonSettings _settings;
    private readonly RunDirectory _run;
    private readonly DaemonPlatform _platform;
    private readonly WebApplication _application;
    private readonly BackendHost _backend;
    private readonly ILogger _logger;

    private Daemon(DaemonSettings settings, RunDirectory run, DaemonPlatform platform)
    {
        _settings = settings;
        _run = run;
        _platform = platform;
        _application = CreateApplication();
        var loggers = _application.Services.GetRequiredService<ILoggerFactory>();
        _logger = loggers.CreateLogger("Daemon");
        _backend = new BackendHost(new BackendOptions
        {
            Hypervisor = platform.Hypervisor,
            FunctionSource = platform.Custody,
            Topology = settings.Topology,
            Shards = settings.Shards,
            SpinMicroseconds = settings.SpinMicroseconds,
            Slots = settings.Slots,
            Policy = settings.Policy,
            PolicyFor = (_, function) => settings.DevicePolicies.GetValueOrDefault(function.Address),
            Quirks = settings.Quirks,
            Logger = loggers.CreateLogger("Backend"),
        });
        Shards = new ShardLiveness(_backend.Engine.ShardCount, _backend.Engine.Invoke);
    }

    private ShardLiveness Shards { get; }

    /// <summary>Serves until a signal comes, or the token is cancelled.</summary>
    /// <param name="settings">What it runs with.</param>
    /// <param name="console">Gets the line <c>ready</c>.</param>
    /// <param name="stop">Ends it as SIGTERM does.</param>
    /// <exception cref="VerbException">It could not begin; says why.</exception>
    public static void Run(DaemonSettings settings, CliConsole console, CancellationToken stop)
    {
        using var run = RunDirectory.Claim(settings.RunDirectory);
        using var platform = DaemonPlatform.Create(settings);
        try
        {
            using var daemon = new Daemon(settings, run, platform);
            daemon.Serve(console, stop).GetAwaiter().GetResult();
        }
        catch (HypervisorException failure)
        {
            throw new VerbException($"cannot serve on {settings.Platform}", failure.Message, null, failure);
        }
    }

    public void Dispose()
    {
        _backend.Dispose();
        ((IDisposable)_application).Dispose();
    }

    private async Task Serve(CliConsole console, CancellationToken stop)
    {
        _backend.Start();
        _platform.Started();
        ControlServer.Map(_application, new ControlServices
        {
            Version = CommandTree.Version,
            Platform = _settings.Platform,
            Topology = _settings.Topology,
            Guests = () => _backend.Guests,
            NameOf = _backend.NameOf,
            Counters = _backend.Engine.ReadCounters,
            Shards = Shards,
            Custody = _platform.Custody,
            Configuration = _settings.Reports,
        });
        await _application.StartAsync(CancellationToken.None).ConfigureAwait(false);
        _run.ProtectSocket();
        if (_platform.Remark is { } remark)
            LogRemark(remark);
        LogServing(_settings.Platform, _run.Socket);
        console.Output.WriteLine("ready");
        console.Output.Flush();
        await using (stop.Register(_application.Lifetime.StopApplication).ConfigureAwait(false))
            await _application.WaitForShutdownAsync(CancellationToken.None).ConfigureAwait(false);
        var attached = _backend.Guests.Count(guest => guest.IsAttached);
        LogEnded(attached);
    }

    private WebApplication CreateApplication()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "pcibackflow", ContentRootPath = _run.Path });
        var isService = SystemdHelpers.IsSystemdService();

        // Standard output carries results (the line 'ready') alone.
        builder.Logging.AddConsole(options =>
        {
            options.FormatterName = DaemonLog.FormatterName;
            options.LogToStandardErrorThreshold = LogLevel.Trace;
        });
        builder.Logging.SetMinimumLevel(_settings.Log);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton<ConsoleFormatter>(new DaemonLog(isService));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = DrainLimit);
        builder.Services.AddSystemd();
        if (isService)
        {
            builder.Services.AddHostedService(services => new ServiceManager(
                services.GetRequiredService<ISystemdNotifier>(), Shards, Describe, services.GetRequiredService<ILoggerFactory>().CreateLogger("Service")));
        }

        ControlServer.AddTo(builder, _run.Socket);
        return builder.Build();
    }

    private string Describe()
    {
        var guests = _backend.Guests;
        return $"serving {guests.Count(guest => guest.IsAttached)} of {guests.Count} guests on {_settings.Platform}; {_platform.Custody.Held().Count} devices held";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Remark}")]
    private partial void LogRemark(string remark);

    [LoggerMessage(Level = LogLevel.Information, Message = "serving on {Platform}; control socket {Socket}")]
    private partial void LogServing(string platform, string socket);

    [LoggerMessage(Level = LogLevel.Information, Message = "stopped; {Guests} guests stay attached for the next daemon")]
    private partial void LogEnded(int guests);
}
