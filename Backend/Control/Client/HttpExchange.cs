using System.Globalization;
using System.Net.Sockets;
using System.Text;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Backend.Control.Client;

/// <summary>
/// One HTTP request over a Unix socket and its answer, each on a connection of its own (RFC 9112; as HTTP/1.0, to which a server answers in one piece
/// and hangs up). The framework's client would be a sixth of the whole native program, for proxies, TLS and compression that a socket file has no use for.
/// </summary>
internal static class HttpExchange
{
    // The status of a thousand guests is one megabyte.
    private const int MaxAnswerBytes = 64 << 20;

    /// <summary>Sends and receives.</summary>
    /// <param name="socketPath">The socket.</param>
    /// <param name="method"><c>GET</c>, <c>POST</c>, <c>DELETE</c>.</param>
    /// <param name="target">Path and query, escaped.</param>
    /// <param name="body">A JSON body, or null.</param>
    /// <param name="isTrusted">Whether a user may be the one who listens there.</param>
    /// <param name="cancellationToken">Hangs up.</param>
    /// <returns>Status and body.</returns>
    /// <exception cref="SocketException">Nobody listens, or the connection broke.</exception>
    /// <exception cref="InvalidDataException">What came back is no whole answer, or who listens is not to be trusted.</exception>
    public static async Task<(int Status, byte[] Body)> RunAsync(
        string socketPath, string method, string target, byte[]? body, Func<uint, bool> isTrusted, CancellationToken cancellationToken)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken).ConfigureAwait(false);

        // Whoever could make the path could listen there: what is sent, and what comes back, steers devices.
        if (PeerCredentials.UserOf(socket) is not { } server || !isTrusted(server))
        {
            throw new InvalidDataException("the process that listens there is neither root's nor this user's: it is not believed");
        }

        string length = body is not null ? string.Create(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n")
            : method == "POST" ? "Content-Length: 0\r\n" // RFC 1945 §8.3: a POST without a length is a bad request
            : string.Empty;
        string head = $"{method} {target} HTTP/1.0\r\nHost: daemon\r\n{length}\r\n";
        await SendAsync(socket, Encoding.ASCII.GetBytes(head), cancellationToken).ConfigureAwait(false);
        if (body is not null)
        {
            await SendAsync(socket, body, cancellationToken).ConfigureAwait(false);
        }

        return Parse(await ReceiveAsync(socket, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Takes an answer apart.</summary>
    /// <param name="answer">All its bytes.</param>
    /// <returns>Status and body.</returns>
    /// <exception cref="InvalidDataException">It is no whole answer.</exception>
    internal static (int Status, byte[] Body) Parse(ReadOnlySpan<byte> answer)
    {
        int end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            throw new InvalidDataException(answer.IsEmpty ? "it hung up without an answer" : "its answer has no end of the headers");
        }

        string[] lines = Encoding.Latin1.GetString(answer[..end]).Split("\r\n");
        string[] status = lines[0].Split(' ', 3);
        if (status.Length < 2 || !status[0].StartsWith("HTTP/1.", StringComparison.Ordinal)
            || !int.TryParse(status[1], NumberStyles.None, CultureInfo.InvariantCulture, out int code))
        {
            throw new InvalidDataException("its answer is not HTTP");
        }

        ReadOnlySpan<byte> body = answer[(end + 4)..];
        foreach (string line in lines.AsSpan(1))
        {
            const string Length = "content-length:";
            if (line.StartsWith(Length, StringComparison.OrdinalIgnoreCase)
                && line[Length.Length..].Trim() != body.Length.ToString(CultureInfo.InvariantCulture))
            {
                throw new InvalidDataException("its answer is cut off");
            }
        }

        return (code, body.ToArray());
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
        }
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        using MemoryStream answer = new();
        byte[] buffer = new byte[64 << 10];
        for (int count; (count = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            answer.Write(buffer, 0, count);
            if (answer.Length > MaxAnswerBytes)
            {
                throw new InvalidDataException($"its answer is longer than {MaxAnswerBytes >> 20} MiB");
            }
        }

        return answer.ToArray();
    }
}
