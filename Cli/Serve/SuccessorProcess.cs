using System.ComponentModel;
using System.Diagnostics;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// Starts the program that lies where this one did, with this one's words and <c>--take-over</c>: another version, when that was installed meanwhile. It is
/// this process's child, so a service manager finds it in the same service.
/// </summary>
internal sealed class SuccessorProcess
{
    /// <summary>The signal that asks for it.</summary>
    public const int Signal = 12; // SIGUSR2 of asm-generic/signal.h

    private const string TakeOver = "--take-over";

    // Asked for at the start: later the kernel may call the file deleted, when an upgrade has replaced it.
    private readonly string? _program = Environment.ProcessPath;

    /// <summary>Starts it, and does not wait for it.</summary>
    /// <returns>Null, or why it cannot be started.</returns>
    public string? TryStart()
    {
        if (_program is null)
        {
            return "where this program lies is not known";
        }

        try
        {
            using var successor = Process.Start(Describe(_program, Environment.GetCommandLineArgs().Skip(1)));
            return successor is null ? "nothing was started" : null;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            return e.Message;
        }
    }

    /// <summary>How it is started.</summary>
    /// <param name="program">The program.</param>
    /// <param name="words">What this process was started with.</param>
    internal static ProcessStartInfo Describe(string program, IEnumerable<string> words)
    {
        ProcessStartInfo start = new(program) { UseShellExecute = false };
        foreach (string word in words.Where(static word => word != TakeOver).Append(TakeOver))
        {
            start.ArgumentList.Add(word);
        }

        // It feeds the watchdog from then on; with this process's number there it would take that for somebody else's (sd_watchdog_enabled(3)).
        start.Environment.Remove(ServiceVariables.WatchdogProcess);
        return start;
    }
}
