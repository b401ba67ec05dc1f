using System.Net.Sockets;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Succession;

/// <summary>
/// The daemon that serves, as the one sees it that is to follow. Used by one task: <see cref="ConnectAsync"/>, <see cref="AgreeAsync"/>,
/// <see cref="ReleaseAsync"/>, <see cref="ConfirmAsync"/>. Whoever drops it before the last has not followed: the other one serves on.
/// </summary>
public sealed class Predecessor : IDisposable
{
    private readonly SuccessionLine _line;
    private readonly SuccessionTiming _timing;

    private Predecessor(SuccessionLine line, SuccessionTiming timing) => (_line, _timing) = (line, timing);

    /// <summary>After <see cref="AgreeAsync"/>: what a service manager told it in its environment; empty when it has none.</summary>
    public IReadOnlyDictionary<string, string> ServiceVariables { get; private set; } = new Dictionary<string, string>();

    /// <summary>Looks for it.</summary>
    /// <param name="path">Where its socket lies.</param>
    /// <param name="timing">How long to wait for it.</param>
    /// <returns>Null when nobody listens there.</returns>
    /// <exception cref="BackendException">Somebody else does.</exception>
    public static async Task<Predecessor?> ConnectAsync(string path, SuccessionTiming? timing = null)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path)).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }

        if (PeerCredentials.UserOf(socket) is { } user && (user == 0 || user == PeerCredentials.OwnUser))
        {
            return new(new(socket), timing ?? new());
        }

        socket.Dispose();
        throw new BackendException(BackendFailure.Refused, $"another user's process listens at {path}");
    }

    /// <summary>Agrees that this daemon follows. When it returns the other one takes no commands any more; guests are served.</summary>
    /// <param name="terms">This daemon's.</param>
    /// <returns>The other's.</returns>
    /// <exception cref="BackendException">It refuses, or cannot be talked to.</exception>
    public async Task<SuccessionTerms?> AgreeAsync(SuccessionTerms terms)
    {
        SuccessionMessage answer = await AskAsync(
            new(SuccessionWord.Hello, terms), _timing.Quiet, SuccessionWord.Quiet, SuccessionWord.Refused).ConfigureAwait(false);
        ServiceVariables = answer.Variables ?? ServiceVariables;
        return answer.Word == SuccessionWord.Quiet
            ? answer.Terms
            : throw new BackendException(BackendFailure.Failed, $"the daemon that serves goes on: {answer.Reason}");
    }

    /// <summary>Everything is ready: nobody serves from now on until this daemon does.</summary>
    /// <returns>When the first guest was not served any more, in nanoseconds of the monotonic clock.</returns>
    /// <exception cref="BackendException">It goes on serving, or cannot be talked to.</exception>
    public async Task<long> ReleaseAsync()
    {
        SuccessionMessage answer = await AskAsync(
            new(SuccessionWord.Release), _timing.Release, SuccessionWord.Released, SuccessionWord.Resumed).ConfigureAwait(false);
        return answer.Word == SuccessionWord.Released
            ? answer.Since
            : throw new BackendException(BackendFailure.Failed, $"the daemon that served serves again: {answer.Reason}");
    }

    /// <summary>This daemon serves. When it returns the other one does not, and never will.</summary>
    /// <exception cref="BackendException">It was too late: the other one serves again, so this one must not.</exception>
    public async Task ConfirmAsync()
    {
        SuccessionMessage answer;
        try
        {
            await TrySendServingAsync().ConfigureAwait(false);
            answer = await _line.ReceiveAsync(_timing.Over, CancellationToken.None, SuccessionWord.Over, SuccessionWord.Resumed).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It died after it had let go of everything. Had it come back it would have said so first.
            return;
        }
        catch (TimeoutException e)
        {
            throw new BackendException(BackendFailure.Failed, $"whether the other daemon serves is not known: {e.Message}", e);
        }

        if (answer.Word == SuccessionWord.Resumed)
        {
            throw new BackendException(BackendFailure.Failed, $"it was too late, the other daemon serves again: {answer.Reason}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _line.Dispose();

    // What it said before it went is still to be heard.
    private async Task TrySendServingAsync()
    {
        try
        {
            await _line.SendAsync(new(SuccessionWord.Serving), CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException)
        {
        }
    }

    private async Task<SuccessionMessage> AskAsync(SuccessionMessage question, TimeSpan patience, params SuccessionWord[] answers)
    {
        try
        {
            await _line.SendAsync(question, CancellationToken.None).ConfigureAwait(false);
            return await _line.ReceiveAsync(patience, CancellationToken.None, answers).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            throw new BackendException(BackendFailure.Failed, $"no daemon can be followed: {e.Message}", e);
        }
    }
}
