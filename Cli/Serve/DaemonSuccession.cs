using System.Diagnostics;
using PciBackFlow.Backend;
using PciBackFlow.Backend.Machines;
using PciBackFlow.Backend.Succession;

namespace PciBackFlow.Cli.Serve;

/// <summary>This process while another one is to follow it: the daemon, its directory's lock, and the commands it takes.</summary>
/// <param name="machine">What it serves on.</param>
/// <param name="backend">The daemon.</param>
/// <param name="run">Its directory.</param>
/// <param name="listen">Takes commands again.</param>
/// <param name="succeeded">Tells the service manager which process serves.</param>
/// <param name="drain">How long commands under way are waited for.</param>
internal sealed class DaemonSuccession(
    Machine machine, BackendDaemon backend, RunDirectory run, Func<Task> listen, Action<int> succeeded, TimeSpan drain) : IPredecessor
{
    // A process that was killed holds its lock until the kernel has taken it apart.
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<string?> QuietAsync()
    {
        if (!machine.OutlivesProcess)
        {
            return "its guests live in its own memory, and end with it";
        }

        await backend.QuietAsync(drain).ConfigureAwait(false);
        return null;
    }

    /// <inheritdoc/>
    public long Release()
    {
        long since = backend.Release();
        run.Release();
        return since;
    }

    /// <inheritdoc/>
    public void Succeeded(int process) => succeeded(process);

    /// <inheritdoc/>
    public void EndSuccessor(int process)
    {
        try
        {
            using var successor = Process.GetProcessById(process);
            successor.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself. What else may go wrong is the caller's.
        }
    }

    /// <inheritdoc/>
    public void Resume()
    {
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                run.Claim();
                break;
            }
            catch (VerbException) when (Stopwatch.GetElapsedTime(began) < LockPatience)
            {
                Thread.Sleep(1);
            }
        }

        backend.Resume();
    }

    /// <inheritdoc/>
    public Task ListenAsync() => listen();
}
