using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Succession;

/// <summary>
/// Where a daemon is found by the one that is to follow it. Whatever the other does, exactly one of the two serves in the end: until it has said that it
/// serves, this one comes back when it hangs, dies or talks nonsense. Used by one thread: <see cref="Start"/>, <see cref="Dispose"/>.
/// </summary>
public sealed partial class SuccessionServer : IDisposable
{
    /// <summary>The socket's name in the run directory.</summary>
    public const string FileName = "succession.sock";

    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly SuccessionTerms _terms;
    private readonly IPredecessor _daemon;
    private readonly SuccessionTiming _timing;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource<int> _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _listener;
    private Task _listening = Task.CompletedTask;
    private bool _isDisposed;

    /// <summary>Creates it; nobody is listened to yet.</summary>
    /// <param name="path">Where its socket lies; whatever lies there is replaced.</param>
    /// <param name="terms">This daemon's.</param>
    /// <param name="daemon">What follows from a conversation.</param>
    /// <param name="logger">Where successions and their failures are told.</param>
    /// <param name="timing">How long to wait.</param>
    public SuccessionServer(string path, SuccessionTerms terms, IPredecessor daemon, ILogger logger, SuccessionTiming? timing = null)
    {
        (_path, _terms, _daemon, _logger) = (path, terms, daemon, logger);
        _timing = timing ?? new();
    }

    /// <summary>Ends when this daemon does not serve any more: with the process that does, or with what kept this one from coming back.</summary>
    public Task<int> Over => _over.Task;

    /// <summary>What a service manager told this daemon in its environment, for a successor that the manager did not start; null: it has none.</summary>
    public IReadOnlyDictionary<string, string>? ServiceVariables { get; init; }

    /// <summary>Whether a user's process may follow; root's and this user's own may.</summary>
    internal Func<uint, bool> IsAllowed { get; init; } = static user => user == 0 || user == PeerCredentials.OwnUser;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="SocketException">It can't.</exception>
    public void Start()
    {
        File.Delete(_path);
        _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            _listener.Bind(new UnixDomainSocketEndPoint(_path));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            _listener.Listen(1);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }

        _listening = ListenAsync(_listener);
    }

    /// <summary>Ends listening. A successor to whom everything was given already is waited for first: its guests are served by nobody else.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _ending.Cancel();
        _listener?.Dispose();
        _listening.Wait();
        _ending.Dispose();
    }

    private async Task ListenAsync(Socket listener)
    {
        while (!_ending.IsCancellationRequested && !_over.Task.IsCompleted)
        {
            try
            {
                Socket socket = await listener.AcceptAsync(_ending.Token).ConfigureAwait(false);
                using SuccessionLine line = new(socket);
                if (PeerCredentials.UserOf(socket) is { } user && IsAllowed(user) && PeerCredentials.ProcessOf(socket) is { } process)
                {
                    await ConverseAsync(line, process).ConfigureAwait(false);
                }
                else
                {
                    LogStranger();
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                // The daemon ends.
            }
            catch (Exception e)
            {
                // No descriptor is left, say, or a defect: it must be found again later.
                LogFailed(e.Message);
                await Task.Delay(AcceptPause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ConverseAsync(SuccessionLine line, int process)
    {
        SuccessionMessage hello;
        try
        {
            hello = await line.ReceiveAsync(_timing.Hello, _ending.Token, SuccessionWord.Hello).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            LogFailed(e.Message);
            return;
        }

        LogHello(process, hello.Terms?.Version);
        string? reason = hello.Terms is { } terms ? _terms.ObstacleTo(terms) : "it names no terms";
        reason ??= await QuietAsync().ConfigureAwait(false);
        if (reason is not null)
        {
            LogRefused(process, reason);
            await TrySendAsync(line, new(SuccessionWord.Refused, Reason: reason)).ConfigureAwait(false);
            return;
        }

        bool isReleased = false;
        try
        {
            await line.SendAsync(new(SuccessionWord.Quiet, _terms, Variables: ServiceVariables), _ending.Token).ConfigureAwait(false);
            await line.ReceiveAsync(_timing.Preparation, _ending.Token, SuccessionWord.Release).ConfigureAwait(false);
            isReleased = true;
            long since = _daemon.Release();

            // Whatever ends this daemon now, somebody has to serve first.
            await line.SendAsync(new(SuccessionWord.Released, Since: Nanoseconds(since)), CancellationToken.None).ConfigureAwait(false);
            await line.ReceiveAsync(_timing.Serving, CancellationToken.None, SuccessionWord.Serving).ConfigureAwait(false);
            if (!line.IsOpen)
            {
                throw new IOException("it has gone since it said that it serves");
            }
        }
        catch (Exception e)
        {
            await ReturnAsync(line, process, isReleased, e.Message).ConfigureAwait(false);
            return;
        }

        // Its place is free before the other one hears that it may take it.
        _listener!.Dispose();
        try
        {
            _daemon.Succeeded(process);
        }
        catch (Exception e)
        {
            // It serves all the same.
            LogFailed(e.Message);
        }

        _over.TrySetResult(process);
        await TrySendAsync(line, new(SuccessionWord.Over)).ConfigureAwait(false);
    }

    private async Task<string?> QuietAsync()
    {
        try
        {
            return await _daemon.QuietAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await ListenAgainAsync().ConfigureAwait(false);
            return e.Message;
        }
    }

    private async Task ListenAgainAsync()
    {
        try
        {
            await _daemon.ListenAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Guests are served; the next one to ask makes it try again.
            LogDeaf(e.Message);
        }
    }

    private async Task ReturnAsync(SuccessionLine line, int process, bool isReleased, string reason)
    {
        long began = Stopwatch.GetTimestamp();
        if (isReleased)
        {
            if (line.IsOpen)
            {
                TryEndSuccessor(process);
            }

            try
            {
                _daemon.Resume();
            }
            catch (Exception e)
            {
                _over.TrySetException(new BackendException(
                    BackendFailure.Failed, $"process {process} did not take over ({reason}), and this daemon cannot serve again: {e.Message}", e));
                return;
            }
        }

        LogReturned(process, reason, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        await TrySendAsync(line, new(SuccessionWord.Resumed, Reason: reason)).ConfigureAwait(false);
        await ListenAgainAsync().ConfigureAwait(false);
    }

    // One that lives on has the lock, or will not get it.
    private void TryEndSuccessor(int process)
    {
        try
        {
            _daemon.EndSuccessor(process);
        }
        catch (Exception e)
        {
            LogFailed($"process {process} cannot be ended: {e.Message}");
        }
    }

    private static async Task TrySendAsync(SuccessionLine line, SuccessionMessage message)
    {
        try
        {
            await line.SendAsync(message, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Who has gone need not know.
        }
    }

    private static long Nanoseconds(long timestamp) => (long)(timestamp * (1e9 / Stopwatch.Frequency));

    [LoggerMessage(EventId = 91, Level = LogLevel.Information, Message = "process {Process}, version {Version}, asks to take over")]
    private partial void LogHello(int process, string? version);

    [LoggerMessage(EventId = 92, Level = LogLevel.Warning, Message = "process {Process} may not take over: {Reason}")]
    private partial void LogRefused(int process, string reason);

    [LoggerMessage(EventId = 93, Level = LogLevel.Warning, Message = "process {Process} did not take over: {Reason}; served again after {Milliseconds:0.0} ms")]
    private partial void LogReturned(int process, string reason, double milliseconds);

    [LoggerMessage(EventId = 94, Level = LogLevel.Warning, Message = "nobody takes over: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(EventId = 97, Level = LogLevel.Error, Message = "guests are served, but no commands are taken: {Reason}")]
    private partial void LogDeaf(string reason);

    [LoggerMessage(EventId = 95, Level = LogLevel.Warning, Message = "a process of another user wanted to take over")]
    private partial void LogStranger();
}
