using System.Runtime.InteropServices;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// That the daemon is to end: a signal (SIGTERM, SIGINT, SIGQUIT), or a token that is cancelled. It holds from when it is made, so that a signal during the
/// start ends the daemon in order as soon as it serves, and not the process in its midst.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IDisposable> _registrations = [];

    /// <summary>Listens from now on.</summary>
    /// <param name="tokens">Each of these ends it as well.</param>
    public StopRequest(params ReadOnlySpan<CancellationToken> tokens)
    {
        foreach (PosixSignal signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT])
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, Ask));
        }

        foreach (CancellationToken token in tokens)
        {
            _registrations.Add(token.Register(() => _asked.TrySetResult()));
        }
    }

    /// <summary>Ends when it was asked for.</summary>
    public Task Asked => _asked.Task;

    /// <inheritdoc/>
    public void Dispose() => _registrations.ForEach(static registration => registration.Dispose());

    private void Ask(PosixSignalContext signal)
    {
        // Or the process would end at once.
        signal.Cancel = true;
        _asked.TrySetResult();
    }
}
