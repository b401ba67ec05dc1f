using System.ComponentModel;
using System.Diagnostics;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// Starts the program that lies where this one did, with this one's words and <c>--take-over</c>: another version, when that was installed meanwhile. It is
/// this process's child, so a service manager finds it in the same service.
/// </summary>
internal static class SuccessorProcess
{
    /// <summary>The signal that asks for it.</summary>
    public const int Signal = 12; // SIGUSR2 of asm-generic/signal.h

    private const string TakeOver = "--take-over";

    // Asked for at the start: later the kernel may call the file deleted, when an upgrade has replaced it.
    private static readonly string? Program = Environment.ProcessPath;

    /// <summary>Starts it, and does not wait for it.</summary>
    /// <returns>Null, or why it cannot be started.</returns>
    public static string? TryStart()
    {
        if (Program is null)
        {
            return "where this program lies is not known";
        }

        ProcessStartInfo start = new(Program) { UseShellExecute = false };
        foreach (string word in Environment.GetCommandLineArgs().Skip(1).Where(static word => word != TakeOver).Append(TakeOver))
        {
            start.ArgumentList.Add(word);
        }

        try
        {
            using var successor = Process.Start(start);
            return successor is null ? "nothing was started" : null;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            return e.Message;
        }
    }
}
