using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PciBackFlow.Backend.Control.Server;

/// <summary>Who is at the other end of a Unix socket, as the kernel recorded it at connect time (unix(7), <c>SO_PEERCRED</c>).</summary>
internal static partial class PeerCredentials
{
    private const int SocketLevel = 1; // SOL_SOCKET of asm-generic/socket.h
    private const int PeerCredentialsOption = 17; // SO_PEERCRED, likewise

    /// <summary>The user the daemon runs as.</summary>
    public static uint OwnUser { get; } = GetEffectiveUser();

    /// <summary>The peer's user id.</summary>
    /// <returns>Null when the kernel doesn't say.</returns>
    public static uint? UserOf(Socket socket)
    {
        // struct ucred: pid, uid, gid.
        Span<int> credentials = stackalloc int[3];
        try
        {
            int length = socket.GetRawSocketOption(SocketLevel, PeerCredentialsOption, MemoryMarshal.AsBytes(credentials));
            return length == 3 * sizeof(int) ? (uint)credentials[1] : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();
}
