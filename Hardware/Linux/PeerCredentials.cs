using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Linux;

/// <summary>Who is at the other end of a Unix socket, as the kernel recorded it at connect time (unix(7), <c>SO_PEERCRED</c>).</summary>
public static partial class PeerCredentials
{
    private const int SocketLevel = 1; // SOL_SOCKET of asm-generic/socket.h
    private const int PeerCredentialsOption = 17; // SO_PEERCRED, likewise

    /// <summary>The user this process acts as.</summary>
    public static uint OwnUser { get; } = GetEffectiveUser();

    /// <summary>The peer's user id.</summary>
    /// <param name="socket">A connected Unix socket; of a client's, the peer is who began to listen.</param>
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
