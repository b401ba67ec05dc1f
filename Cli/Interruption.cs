using System.Runtime.InteropServices;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Cli;

/// <summary>
/// Turns the first Ctrl-C or SIGTERM into a cancelled token, from the moment a verb asks for it; a second one ends the process at
/// once, as every signal does for verbs that never ask. A reader of the output that goes away counts as one, for verbs that ask for that.
/// </summary>
public sealed class Interruption : IDisposable
{
    private const int Output = 1;

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private bool _isWatching;

    /// <summary>Starts catching.</summary>
    /// <returns>Cancelled by the first signal.</returns>
    public CancellationToken Catch()
    {
        if (_registrations.Count == 0)
        {
            _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal));
            _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
        }

        return _source.Token;
    }

    /// <summary>From now on the end of whoever reads the output counts as well: a verb that prints until it is ended has nobody to print for.</summary>
    public void WatchReader()
    {
        if (_isWatching)
        {
            return;
        }

        // The console's own stream says nothing of a write that nobody can read any more, and a verb that waits does not write.
        _isWatching = true;
        new Thread(CancelAtEnd) { IsBackground = true, Name = "reader of the output" }.Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void CancelAtEnd()
    {
        try
        {
            if (PipeReader.AwaitEnd(Output))
            {
                _source.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // The program has ended meanwhile.
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
