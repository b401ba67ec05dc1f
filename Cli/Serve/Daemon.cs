using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Control.Api;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Machines;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Backend.Succession;
using PciBackFlow.Cli.Terminal;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// The daemon's process from its first line to its last: log, service manager and signals around the backend's daemon. Used by one thread, once.
/// </summary>
internal sealed partial class Daemon : IDisposable
{
    // Longer than a detach that waits for its guest; the unit's TimeoutStopSec is longer still.
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(30);

    private readonly DaemonSettings _settings;
    private readonly RunDirectory _run;
    private readonly LoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly SystemdNotifier _notifier;
    private readonly CancellationTokenSource _cannotGoOn = new();
    private readonly Machine _machine;
    private readonly BackendDaemon _backend;
    private DemoGuests? _guests;
    private string? _lost;

    private Daemon(DaemonSettings settings, RunDirectory run, LoggerFactory loggers)
    {
        _settings = settings;
        _run = run;
        _loggers = loggers;

        // Looks at the environment.
        _notifier = new();
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
                SampleEvery = settings.SampleEvery,
                MetricsPort = settings.MetricsPort,
                PagePort = settings.PagePort,
                Slots = settings.Slots,
                Policies = settings.Policies,
                Configuration = settings.Reports,
                ReadAgain = ReadAgain,
                Logger = logger,
            });
        }
        catch
        {
            _machine.Dispose();
            throw;
        }
    }

    /// <summary>Serves until a signal comes, the token is cancelled, or another daemon has followed.</summary>
    /// <param name="settings">What it runs with.</param>
    /// <param name="takesOver">Whether it follows the daemon that serves, if there is one.</param>
    /// <param name="console">Gets the line <c>ready</c>.</param>
    /// <param name="stop">Ends it as SIGTERM does.</param>
    /// <exception cref="VerbException">It could not begin, or could not go on; says why.</exception>
    public static void Run(DaemonSettings settings, bool takesOver, CliConsole console, CancellationToken stop)
    {
        using var run = RunDirectory.Open(settings.RunDirectory);
        try
        {
            using Predecessor? predecessor = takesOver ? Predecessor.ConnectAsync(run.SuccessionSocket).GetAwaiter().GetResult() : null;
            if (predecessor is null)
            {
                Claim(run, console, stop);
            }

            if (predecessor is not null)
            {
                predecessor.AgreeAsync(TermsOf(settings)).GetAwaiter().GetResult();
                ServiceVariables.Adopt(predecessor.ServiceVariables);
            }

            using LoggerFactory loggers = DaemonLoggers.Create(settings.Log);
            using var daemon = new Daemon(settings, run, loggers);
            daemon.Serve(console, predecessor, stop).GetAwaiter().GetResult();
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
        _cannotGoOn.Dispose();
    }

    private static SuccessionTerms TermsOf(DaemonSettings settings) =>
        BackendDaemon.TermsOf(ProgramVersion.Text, settings.Platform, settings.StateDirectory);

    private static void Claim(RunDirectory run, CliConsole console, CancellationToken stop)
    {
        run.Claim();
        if (run.NoteStart() is { Ticks: > 0 } delay)
        {
            console.Remark($"begins in {delay.TotalMilliseconds:0} ms, because daemons before this one have just ended one after the other");
            stop.WaitHandle.WaitOne(delay);
        }
    }

    private async Task Serve(CliConsole console, Predecessor? predecessor, CancellationToken stop)
    {
        using StopRequest request = new(stop, _cannotGoOn.Token);
        using var reload = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            // Or the process would end.
            signal.Cancel = true;
            _ = Reload();
        });
        SuccessorProcess next = new();
        using var upgrade = PosixSignalRegistration.Create((PosixSignal)SuccessorProcess.Signal, signal =>
        {
            signal.Cancel = true;
            if (next.TryStart() is { } reason)
            {
                LogNoSuccessor(reason);
            }
        });

        // Guests first: those of an earlier daemon wait in an access.
        if (predecessor is null)
        {
            _backend.Start();
        }
        else
        {
            await Follow(predecessor).ConfigureAwait(false);
        }

        await Listen().ConfigureAwait(false);
        _guests = _machine is EmulatedMachine emulated ? new DemoGuests(emulated.Host) : null;
        LogServing(_guests is null ? _machine.Remark : $"{_machine.Remark}, guests {string.Join(" and ", DemoGuests.Names)}", _run.SocketName);
        using SuccessionServer succession = new(
            _run.SuccessionSocket, TermsOf(_settings), new DaemonSuccession(_machine, _backend, _run, Listen, NotifyProcess, DrainLimit),
            _logger) { ServiceVariables = ServiceVariables.Read() };
        succession.Start();
        using StallAlarm alarm = _backend.WatchShards(EndAtOnce);
        alarm.Start();
        console.Output.WriteLine("ready");
        console.Output.Flush();

        _notifier.Notify(ServiceState.Ready);
        using ServiceManager reports = new(_notifier, _backend.Shards, Describe, _logger);
        if (_notifier.IsEnabled)
        {
            await reports.StartAsync(CancellationToken.None).ConfigureAwait(false);
        }

        await Task.WhenAny(request.Asked, succession.Over).ConfigureAwait(false);

        // One that is about to follow comes before the end.
        succession.Dispose();
        if (succession.Over.IsCompleted)
        {
            await reports.StopAsync(CancellationToken.None).ConfigureAwait(false);
            int successor = await succession.Over.ConfigureAwait(false);
            _machine.Succeeded();
            LogSucceeded(successor);
            return;
        }

        _notifier.Notify(ServiceState.Stopping);
        await Task.WhenAll(_backend.StopControlAsync(DrainLimit), _backend.SettleAsync(DrainLimit)).ConfigureAwait(false);
        await reports.StopAsync(CancellationToken.None).ConfigureAwait(false);
        if (_lost is { } reason)
        {
            throw new VerbException(
                $"cannot go on serving on {_settings.Platform}", reason,
                "Guests stay as they are; start the daemon again when it is back.");
        }

        int attached = _backend.Guests.Count(guest => guest.IsAttached);
        LogEnded(attached);
    }

    // Everything that takes long lies before the other one lets go: its guests are served until then.
    private async Task Follow(Predecessor predecessor)
    {
        _backend.Open();
        ProgramPages.Load();
        _backend.Rehearse();
        long since = await predecessor.ReleaseAsync().ConfigureAwait(false);
        double letGo = MillisecondsSince(since);
        _run.Claim();
        double locked = MillisecondsSince(since);
        _backend.StartServing();
        double served = MillisecondsSince(since);
        await predecessor.ConfirmAsync().ConfigureAwait(false);
        _backend.StartManaging();
        int attached = _backend.Guests.Count(guest => guest.IsAttached);
        LogFollowed(attached, served, letGo, locked - letGo, served - locked);
    }

    private static double MillisecondsSince(long nanoseconds) => ((Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency)) - nanoseconds) / 1e6;

    private async Task Listen()
    {
        await _backend.StartControlAsync(_run.Socket, _loggers).ConfigureAwait(false);
        _run.ProtectSocket();
        _backend.Serving();
    }

    // By this one, which the service manager knows, and before it ends: its end would be taken for the service's.
    private void NotifyProcess(int successor) => _notifier.Notify(new ServiceState(string.Create(CultureInfo.InvariantCulture, $"MAINPID={successor}")));

    // As by SIGKILL, which the next daemon is used to: an end in order would wait for the shard, and guests wait 2 s at most.
    private void EndAtOnce(string shards)
    {
        LogStalled(shards);
        _loggers.Dispose();
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    private (PolicySources Policies, IReadOnlyList<SettingReport> Configuration) ReadAgain()
    {
        try
        {
            DaemonSettings again = _settings.ReadAgain();
            return (again.Policies, again.Reports);
        }
        catch (VerbException wrong)
        {
            throw new BackendException(
                wrong.Code == ExitCode.WrongWords ? BackendFailure.Malformed : BackendFailure.Failed,
                $"{wrong.Message}; what held goes on to hold", wrong);
        }
    }

    // SIGHUP, as service managers send it: nobody waits for an answer, so the log has it.
    private async Task Reload()
    {
        try
        {
            ReloadReport report = await _backend.ReloadAsync().ConfigureAwait(false);
            if (report.NeedRestart.Count > 0)
            {
                LogNeedRestart(string.Join(", ", report.NeedRestart));
            }
        }
        catch (Exception failure) when (failure is BackendException or ObjectDisposedException or IOException)
        {
            LogNotReloaded(failure.Message);
        }
    }

    private void Lost(string reason)
    {
        _lost = reason;
        _cannotGoOn.Cancel();
    }

    private string Describe()
    {
        IReadOnlyList<GuestSnapshot> guests = _backend.Guests;
        return $"serving {guests.Count(guest => guest.IsAttached)} of {guests.Count} guests on {_settings.Platform}; "
            + $"{_machine.Custody.Held().Count} devices held";
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the configuration was not read again: {Reason}")]
    private partial void LogNotReloaded(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "changed in the configuration too, but read at the start only: {Keys}")]
    private partial void LogNeedRestart(string keys);

    [LoggerMessage(Level = LogLevel.Information, Message = "serving {Machine}; control socket {Socket}")]
    private partial void LogServing(string machine, string socket);

    [LoggerMessage(Level = LogLevel.Error, Message = "nobody can take over: {Reason}")]
    private partial void LogNoSuccessor(string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "shard {Shards} does not come back to its guests: this daemon ends, for the next one to serve them")]
    private partial void LogStalled(string shards);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "took over: {Guests} guests, none of them served for {Milliseconds:0.0} ms ({LetGo:0.0} until the other one had let go, "
            + "{Locked:0.0} for its lock, {Served:0.0} until they were served)")]
    private partial void LogFollowed(int guests, double milliseconds, double letGo, double locked, double served);

    [LoggerMessage(Level = LogLevel.Information, Message = "process {Process} serves now; this one ends")]
    private partial void LogSucceeded(int process);

    [LoggerMessage(Level = LogLevel.Information, Message = "stopped; {Guests} guests stay attached for the next daemon")]
    private partial void LogEnded(int guests);
}
