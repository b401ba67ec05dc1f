using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PciBackFlow.Hardware.Linux;

/// <summary>Who is at the other end of a Unix socket, as the kernel recorded it at connect time (unix(7), <c>SO_PEERCRED</c>).</summary>
public static partial class PeerCredentials
{
    private const int SocketLevel = 1; // SOL_SOCKET of asm-generic/socket.h
    private const int PeerCredentialsOption = 17; // SO_PEERCRED, likewise

    // struct ucred: pid, uid, gid.
    private const int ProcessIndex = 0;
    private const int UserIndex = 1;
    private const int CredentialsLength = 3;

    /// <summary>The user this process acts as.</summary>
    public static uint OwnUser { get; } = GetEffectiveUser();

    /// <summary>The peer's user id.</summary>
    /// <param name="socket">A connected Unix socket; of a client's, the peer is who began to listen.</param>
    /// <returns>Null when the kernel doesn't say.</returns>
    public static uint? UserOf(Socket socket) => Read(socket, UserIndex) is { } user ? (uint)user : null;

    /// <summary>The peer's process id.</summary>
    /// <param name="socket">A connected Unix socket; of a client's, the peer is who began to listen.</param>
    /// <returns>Null when the kernel doesn't say.</returns>
    public static int? ProcessOf(Socket socket) => Read(socket, ProcessIndex);

    private static int? Read(Socket socket, int index)
    {
        Span<int> credentials = stackalloc int[CredentialsLength];
        try
        {
            int length = socket.GetRawSocketOption(SocketLevel, PeerCredentialsOption, MemoryMarshal.AsBytes(credentials));
            return length == CredentialsLength * sizeof(int) ? credentials[index] : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();
}
