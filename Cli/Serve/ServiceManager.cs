using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Serving;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// Tells the service manager that the daemon lives (sd_notify(3)): <c>WATCHDOG=1</c> only while every shard answers, and a <c>STATUS=</c> line when it changed.
/// </summary>
internal sealed partial class ServiceManager(ISystemdNotifier notifier, ShardLiveness shards, Func<string> describe, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan WithoutWatchdog = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan? watchdog = WatchdogInterval();
        // Half of it, as sd_watchdog_enabled(3) recommends.
        TimeSpan period = watchdog is { } interval ? interval / 2 : WithoutWatchdog;
        string told = string.Empty;
        using var timer = new PeriodicTimer(period);
        do
        {
            bool[] answers = await shards.AskAsync(period < LongestPatience ? period : LongestPatience).ConfigureAwait(false);
            int[] stuck = Enumerable.Range(0, answers.Length).Where(shard => !answers[shard]).ToArray();
            string named = string.Join(", ", stuck);
            string status = stuck.Length == 0 ? describe() : $"shard {named} does not answer";
            if (stuck.Length > 0)
            {
                LogStuck(named);
            }
            else if (watchdog is not null)
            {
                TryNotify("WATCHDOG=1");
            }

            if (status != told && TryNotify($"STATUS={status}"))
            {
                told = status;
            }
        }
        while (await Tick(timer, stoppingToken).ConfigureAwait(false));
    }

    // A datagram that the manager does not take must not keep the later ones from it.
    private bool TryNotify(string state)
    {
        try
        {
            notifier.Notify(new ServiceState(state));
            return true;
        }
        catch (SocketException e)
        {
            LogNotTold(state, e.Message);
            return false;
        }
    }

    private static async Task<bool> Tick(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>WATCHDOG_USEC, when it is meant for this process (sd_watchdog_enabled(3)).</summary>
    private static TimeSpan? WatchdogInterval()
    {
        string? process = Environment.GetEnvironmentVariable(ServiceVariables.WatchdogProcess);
        if (process is not null && process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
        {
            return null;
        }

        string? limit = Environment.GetEnvironmentVariable(ServiceVariables.WatchdogLimit);
        return long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the service manager was not told {State}: {Reason}")]
    private partial void LogNotTold(string state, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "shard {Shards} does not answer: the watchdog is not fed")]
    private partial void LogStuck(string shards);
}
