using System.Net.Sockets;
using System.Text;

namespace PciBackFlow.Lab.Tests;

/// <summary>QEMU's monitor (HMP), to which dom0 speaks through its reports: <c>QEMU COMMAND</c> is given to it, and what it says goes to the log.</summary>
/// <param name="path">Its Unix socket.</param>
/// <param name="log">Where its answers go.</param>
internal sealed class EmulatorMonitor(string path, BootLog log)
{
    /// <summary>What a report for it begins with.</summary>
    public const string Mark = "QEMU ";

    private const string Prompt = "(qemu) ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Gives it a command, if the report is one, and waits for its answer.</summary>
    public void Hear(string report)
    {
        if (!report.StartsWith(Mark, StringComparison.Ordinal))
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
            socket.Connect(new UnixDomainSocketEndPoint(path));
            Answer(socket);
            socket.Send(Encoding.ASCII.GetBytes(report[Mark.Length..] + "\n"));
            log.Add($"QEMU's monitor: {string.Join(" | ", Answer(socket).ReplaceLineEndings("\n").Split('\n').Skip(1).Where(static line => line.Length > 0))}");
        }
        catch (SocketException failure)
        {
            log.Add($"QEMU's monitor: {failure.Message}");
        }
    }

    // Up to its prompt.
    private static string Answer(Socket socket)
    {
        StringBuilder said = new();
        byte[] bytes = new byte[4096];
        while (!said.ToString().EndsWith(Prompt, StringComparison.Ordinal) && socket.Receive(bytes) is > 0 and int count)
        {
            said.Append(Encoding.ASCII.GetString(bytes, 0, count));
        }

        return said.ToString().Replace(Prompt, string.Empty, StringComparison.Ordinal);
    }
}
