using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>
/// HTTP for clients of this host. The socket is there all the time, the framework's server behind it only while somebody is connected and for a while after:
/// it has a thread that wakes up each second, for as long as it lives (Kestrel's heartbeat, which cannot be switched off). <see cref="StartAsync"/>,
/// <see cref="StopAsync"/>, <see cref="Dispose"/>: one thread.
/// </summary>
internal sealed partial class LocalServer : IDisposable
{
    // Longer than scripts of verbs pause from one to the next.
    private static readonly TimeSpan DefaultLinger = TimeSpan.FromSeconds(10);

    // No descriptors, no memory: whoever connects waits meanwhile.
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly EndPoint _endPoint;
    private readonly Func<HttpServer> _make;
    private readonly ILogger _logger;
    private readonly TimeSpan _linger;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _end;
    private Socket? _listening;
    private Stay? _stay;
    private bool _isEnding;

    /// <summary>Makes the server; it listens to nobody yet.</summary>
    /// <param name="endPoint">Where it listens.</param>
    /// <param name="loggers">Where its lines go.</param>
    /// <param name="run">What is done with a request.</param>
    /// <param name="limit">Says how much it listens to.</param>
    /// <param name="linger">How long the framework's server stays when nobody is connected any more; null for ten seconds.</param>
    public LocalServer(EndPoint endPoint, ILoggerFactory loggers, RequestDelegate run, Action<KestrelServerLimits> limit, TimeSpan? linger = null)
    {
        _endPoint = endPoint;
        _make = () => new(endPoint, loggers, run, limit);
        _logger = loggers.CreateLogger("Control");
        _linger = linger ?? DefaultLinger;
        _end = _ending.Token;
    }

    /// <summary>Whether the framework's server is there. Any thread.</summary>
    internal bool IsAwake
    {
        get
        {
            lock (_lock)
            {
                return _stay is not null;
            }
        }
    }

    /// <summary>Answers requests from now on.</summary>
    /// <exception cref="IOException">Somebody else listens there.</exception>
    /// <exception cref="SocketException">This process may not listen there.</exception>
    public Task StartAsync()
    {
        try
        {
            _listening = SocketTransportOptions.CreateDefaultBoundListenSocket(_endPoint);
            _listening.Listen();
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            _listening?.Dispose();
            throw new IOException($"Failed to bind to address {_endPoint}: {failure.Message}", failure);
        }

        _ = AcceptAsync(_listening);
        return Task.CompletedTask;
    }

    /// <summary>Takes no more requests, and waits for those under way.</summary>
    /// <param name="limit">For how long; what is not done by then is cut off.</param>
    public async Task StopAsync(TimeSpan limit)
    {
        if (End() is { } stay && await MadeAsync(stay).ConfigureAwait(false) is { } server)
        {
            using CancellationTokenSource enough = new(limit);
            await server.StopAsync(enough.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Cuts off what is under way.</summary>
    public void Dispose()
    {
        if (End() is { } stay)
        {
            MadeAsync(stay).GetAwaiter().GetResult()?.Dispose();
        }

        _ending.Dispose();
    }

    // One that is only just being made is waited for; null where it could not be made.
    private static async Task<HttpServer?> MadeAsync(Stay stay)
    {
        await Task.WhenAny(stay.Server).ConfigureAwait(false);
        return stay.Server.IsCompletedSuccessfully ? stay.Server.Result : null;
    }

    // Whose server is to be ended.
    private Stay? End()
    {
        lock (_lock)
        {
            if (!_isEnding)
            {
                _isEnding = true;
                _ending.Cancel();
                _listening?.Dispose();
            }

            return _stay;
        }
    }

    private async Task AcceptAsync(Socket listening)
    {
        while (true)
        {
            try
            {
                _ = AnswerAsync(await listening.AcceptAsync().ConfigureAwait(false));
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException failure)
            {
                if (failure.SocketErrorCode == SocketError.OperationAborted)
                {
                    return;
                }

                await Task.Delay(AcceptPause).ConfigureAwait(false);
            }
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        Stay stay;
        lock (_lock)
        {
            if (_isEnding)
            {
                socket.Dispose();
                return;
            }

            stay = _stay ??= new(_make);
            stay.Connections++;
        }

        try
        {
            if (_endPoint is IPEndPoint)
            {
                socket.NoDelay = true;
            }

            HttpServer server = await stay.Server.ConfigureAwait(false);
            server.Hand(socket, () => Leave(stay));
        }
        catch (Exception failure)
        {
            LogCannotAnswer(failure.Message, failure);
            socket.Dispose();
            Leave(stay);
        }
    }

    private void Leave(Stay stay)
    {
        int pause;
        lock (_lock)
        {
            if (--stay.Connections > 0 || _isEnding)
            {
                return;
            }

            // Where it could not be made, who comes next finds another one.
            _stay = _stay == stay && stay.Server.IsFaulted ? null : _stay;
            pause = ++stay.Pauses;
        }

        _ = EndLaterAsync(stay, pause);
    }

    private async Task EndLaterAsync(Stay stay, int pause)
    {
        await Task.Delay(_linger, _end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            if (_isEnding || _stay != stay || stay.Connections > 0 || stay.Pauses != pause)
            {
                return;
            }

            _stay = null;
        }

        HttpServer server = await stay.Server.ConfigureAwait(false);
        await server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        server.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "control: a connection is not answered: {Reason}")]
    private partial void LogCannotAnswer(string reason, Exception failure);

    // The framework's server for as long as it lives at a stretch. Changed under the lock.
    private sealed class Stay(Func<HttpServer> make)
    {
        public Task<HttpServer> Server { get; } = Task.Run(async () =>
        {
            HttpServer server = make();
            await server.StartAsync().ConfigureAwait(false);
            return server;
        });

        public int Connections { get; set; }

        // How often nobody has been connected any more.
        public int Pauses { get; set; }
    }
}
