using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Machines;
using PciBackFlow.Cli.Terminal;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// The daemon's process from its first line to its last: log, service manager and signals around the backend's daemon, in one
/// generic host. Used by one thread, once.
/// </summary>
internal sealed partial class Daemon : IDisposable
{
    // Longer than a detach that waits for its guest; the unit's TimeoutStopSec is longer still.
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(30);

    private readonly DaemonSettings _settings;
    private readonly RunDirectory _run;
    private readonly WebApplication _application;
    private readonly ILogger _logger;
    private readonly Machine _machine;
    private readonly BackendDaemon _backend;
    private DemoGuests? _guests;
    private string? _lost;

    private Daemon(DaemonSettings settings, RunDirectory run, WebApplication application)
    {
        _settings = settings;
        _run = run;
        _application = application;
        ILoggerFactory loggers = application.Services.GetRequiredService<ILoggerFactory>();
        _logger = loggers.CreateLogger("Daemon");
        ILogger logger = loggers.CreateLogger("Backend");
        _machine = DaemonPlatform.Open(settings, logger, Lost);
        try
        {
            _backend = new BackendDaemon(_machine, new BackendDaemonOptions
            {
                Version = ProgramVersion.Text,
                Platform = settings.Platform,
                RunDirectory = run.Path,
                Topology = settings.Topology,
                Shards = settings.Shards,
                SpinMicroseconds = settings.SpinMicroseconds,
                Slots = settings.Slots,
                Policies = settings.Policies,
                Configuration = settings.Reports,
                Logger = logger,
            });
        }
        catch
        {
            _machine.Dispose();
            throw;
        }
    }

    /// <summary>Serves until a signal comes, or the token is cancelled.</summary>
    /// <param name="settings">What it runs with.</param>
    /// <param name="console">Gets the line <c>ready</c>.</param>
    /// <param name="stop">Ends it as SIGTERM does.</param>
    /// <exception cref="VerbException">It could not begin, or could not go on; says why.</exception>
    public static void Run(DaemonSettings settings, CliConsole console, CancellationToken stop)
    {
        using var run = RunDirectory.Claim(settings.RunDirectory);
        using var application = (IDisposable)CreateApplication(settings, run);
        try
        {
            using var daemon = new Daemon(settings, run, (WebApplication)application);
            daemon.Serve(console, stop).GetAwaiter().GetResult();
        }
        catch (HypervisorException failure)
        {
            throw new VerbException($"cannot serve on {settings.Platform}", failure.Message, null, failure);
        }
        catch (BackendException failure)
        {
            throw new VerbException($"cannot serve on {settings.Platform}", failure.Message, null, failure) { Code = (int)failure.Failure };
        }
        catch (UnsafeDirectoryException failure)
        {
            throw new VerbException($"cannot serve on {settings.Platform}", failure.Message, null, failure) { Code = ExitCode.Refused };
        }
    }

    public void Dispose()
    {
        _backend.Dispose();
        _guests?.Dispose();
        _machine.Dispose();
    }

    private static WebApplication CreateApplication(DaemonSettings settings, RunDirectory run)
    {
        WebApplicationBuilder builder =
            WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "pcibackflow", ContentRootPath = run.Path });

        if (IsSet("NOTIFY_SOCKET"))
        {
            // What AddSystemd adds, by the socket itself: it looks for a parent named systemd, which a wrapper script or another service manager is not.
            builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
            builder.Services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }

        // Standard output carries results (the line 'ready') alone.
        builder.Logging.AddConsole(options =>
        {
            options.FormatterName = DaemonLog.FormatterName;
            options.LogToStandardErrorThreshold = LogLevel.Trace;
        });
        builder.Logging.SetMinimumLevel(settings.Log);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton<ConsoleFormatter>(new DaemonLog(isJournal: IsSet("JOURNAL_STREAM")));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = DrainLimit);
        BackendDaemon.AddControl(builder, run.Socket);
        return builder.Build();
    }

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));

    private async Task Serve(CliConsole console, CancellationToken stop)
    {
        _backend.Start(_application);
        await _application.StartAsync(CancellationToken.None).ConfigureAwait(false);
        _run.ProtectSocket();
        _backend.Serving();
        _guests = _machine is EmulatedMachine emulated ? new DemoGuests(emulated.Host) : null;
        LogServing(_guests is null ? _machine.Remark : $"{_machine.Remark}, guests {string.Join(" and ", DemoGuests.Names)}", _run.SocketName);
        console.Output.WriteLine("ready");
        console.Output.Flush();

        using ServiceManager? reports = CreateServiceManager();
        if (reports is not null)
        {
            await reports.StartAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await using (stop.Register(_application.Lifetime.StopApplication).ConfigureAwait(false))
        {
            await _application.WaitForShutdownAsync(CancellationToken.None).ConfigureAwait(false);
        }

        if (reports is not null)
        {
            await reports.StopAsync(CancellationToken.None).ConfigureAwait(false);
        }

        if (_lost is { } reason)
        {
            throw new VerbException(
                $"cannot go on serving on {_settings.Platform}", reason,
                "Guests stay as they are; start the daemon again when it is back.");
        }

        int attached = _backend.Guests.Count(guest => guest.IsAttached);
        LogEnded(attached);
    }

    private ServiceManager? CreateServiceManager() => _application.Services.GetService<ISystemdNotifier>() is { IsEnabled: true } notifier
        ? new ServiceManager(notifier, _backend.Shards, Describe, _logger)
        : null;

    private void Lost(string reason)
    {
        _lost = reason;
        _application.Lifetime.StopApplication();
    }

    private string Describe()
    {
        IReadOnlyList<GuestSnapshot> guests = _backend.Guests;
        return $"serving {guests.Count(guest => guest.IsAttached)} of {guests.Count} guests on {_settings.Platform}; "
            + $"{_machine.Custody.Held().Count} devices held";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "serving {Machine}; control socket {Socket}")]
    private partial void LogServing(string machine, string socket);

    [LoggerMessage(Level = LogLevel.Information, Message = "stopped; {Guests} guests stay attached for the next daemon")]
    private partial void LogEnded(int guests);
}
