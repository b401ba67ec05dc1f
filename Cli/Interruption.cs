using System.Runtime.InteropServices;

namespace PciBackFlow.Cli;

/// <summary>
/// Turns the first Ctrl-C or SIGTERM into a cancelled token, from the moment a verb asks for it; a second one ends the process at
/// once, as every signal does for verbs that never ask.
/// </summary>
public sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];

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

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = !_source.IsCancellationRequested;
        _source.Cancel();
    }
}
