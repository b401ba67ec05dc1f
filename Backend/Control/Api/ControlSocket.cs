using System.Text;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>Where the control API listens.</summary>
public static class ControlSocket
{
    /// <summary>The socket's name in the run directory.</summary>
    public const string FileName = "control.sock";

    /// <summary>Longest path of a Unix socket in bytes, without the final zero (unix(7), <c>sun_path</c>).</summary>
    public const int MaxPathBytes = 107;

    /// <summary>The socket of a run directory.</summary>
    /// <param name="runDirectory">The run directory.</param>
    /// <returns>Its absolute path.</returns>
    /// <exception cref="BackendException">The path is longer than a socket's may be.</exception>
    public static string PathIn(string runDirectory)
    {
        string path = Path.GetFullPath(Path.Combine(runDirectory, FileName));
        return Encoding.UTF8.GetByteCount(path) <= MaxPathBytes
            ? path
            : throw new BackendException(
                BackendFailure.Malformed, $"{path} is too long for a socket: at most {MaxPathBytes} bytes; choose a shorter run directory");
    }
}
