using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// What the daemon answers on TCP ports of 127.0.0.1 beside its control socket: metrics and the live page, each where the configuration has a port for it.
/// Guests are served whether somebody looks or not: a port that another program has is said, and that is all. Used by one thread.
/// </summary>
internal sealed partial class LoopbackPorts : IDisposable
{
    // Collectors and browsers ask again by themselves.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly List<LoopbackServer> _servers = [];

    /// <summary>Answers from now on.</summary>
    /// <param name="metricsPort">Of the metrics; 0: none.</param>
    /// <param name="pagePort">Of the live page; 0: none.</param>
    /// <param name="services">What both are read from.</param>
    /// <param name="loggers">Where the servers' lines go.</param>
    /// <param name="logger">Where it is said what listens.</param>
    public async Task StartAsync(int metricsPort, int pagePort, ControlServices services, ILoggerFactory loggers, ILogger logger)
    {
        if (metricsPort != 0)
        {
            if (await TryStart(new MetricsServer(metricsPort, services, loggers)).ConfigureAwait(false) is { } reason)
            {
                LogNoMetrics(logger, metricsPort, reason);
            }
            else
            {
                LogMetrics(logger, metricsPort);
            }
        }

        if (pagePort != 0)
        {
            if (await TryStart(new LivePageServer(pagePort, services, loggers)).ConfigureAwait(false) is { } reason)
            {
                LogNoPage(logger, pagePort, reason);
            }
            else
            {
                LogPage(logger, pagePort);
            }
        }
    }

    /// <summary>Takes no more requests, and waits a second at most for those under way.</summary>
    /// <param name="limit">For how long, if that is less; what is not done by then is cut off.</param>
    public Task StopAsync(TimeSpan limit)
    {
        TimeSpan patience = limit < Patience ? limit : Patience;
        return Task.WhenAll(_servers.ConvertAll(server => server.StopAsync(patience)));
    }

    public void Dispose()
    {
        _servers.ForEach(static server => server.Dispose());
        _servers.Clear();
    }

    // Null when it answers, or why it does not.
    private async Task<string?> TryStart(LoopbackServer server)
    {
        try
        {
            await server.StartAsync().ConfigureAwait(false);
            _servers.Add(server);
            return null;
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            server.Dispose();
            return failure.Message;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "metrics at http://127.0.0.1:{Port}/metrics")]
    private static partial void LogMetrics(ILogger logger, int port);

    [LoggerMessage(Level = LogLevel.Error, Message = "no metrics on port {Port}, only on the control socket: {Reason}")]
    private static partial void LogNoMetrics(ILogger logger, int port, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "live page at http://127.0.0.1:{Port}/")]
    private static partial void LogPage(ILogger logger, int port);

    [LoggerMessage(Level = LogLevel.Error, Message = "no live page on port {Port}, only on the control socket: {Reason}")]
    private static partial void LogNoPage(ILogger logger, int port, string reason);
}
