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

    // Far more than the server's own headers.
    private const int MaxHeadBytes = 8 << 10;

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
        using Socket socket = await ConnectAsync(socketPath, isTrusted, cancellationToken).ConfigureAwait(false);

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

    /// <summary>Sends a GET whose answer has no end of its own.</summary>
    /// <param name="socketPath">The socket.</param>
    /// <param name="target">Path and query, escaped.</param>
    /// <param name="isTrusted">Whether a user may be the one who listens there.</param>
    /// <param name="cancellationToken">Hangs up.</param>
    /// <returns>Status, and the body as it comes; disposing it hangs up.</returns>
    /// <exception cref="SocketException">Nobody listens, or the connection broke.</exception>
    /// <exception cref="InvalidDataException">What came back is no answer, or who listens is not to be trusted.</exception>
    public static async Task<(int Status, Stream Body)> OpenAsync(
        string socketPath, string target, Func<uint, bool> isTrusted, CancellationToken cancellationToken)
    {
        Socket socket = await ConnectAsync(socketPath, isTrusted, cancellationToken).ConfigureAwait(false);
        try
        {
            await SendAsync(socket, Encoding.ASCII.GetBytes($"GET {target} HTTP/1.0\r\nHost: daemon\r\n\r\n"), cancellationToken).ConfigureAwait(false);

            // Byte by byte: what is behind the empty line is the body's.
            byte[] head = new byte[MaxHeadBytes];
            int length = 0;
            while (!head.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
            {
                if (length == head.Length
                    || await socket.ReceiveAsync(head.AsMemory(length, 1), SocketFlags.None, cancellationToken).ConfigureAwait(false) == 0)
                {
                    throw new InvalidDataException(length == 0 ? "it hung up without an answer" : "its answer has no end of the headers");
                }

                length++;
            }

            return (StatusOf(Encoding.Latin1.GetString(head, 0, length).Split("\r\n")[0]), new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
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
        int code = StatusOf(lines[0]);
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

    private static int StatusOf(string line)
    {
        string[] status = line.Split(' ', 3);
        return status.Length >= 2 && status[0].StartsWith("HTTP/1.", StringComparison.Ordinal)
            && int.TryParse(status[1], NumberStyles.None, CultureInfo.InvariantCulture, out int code)
            ? code
            : throw new InvalidDataException("its answer is not HTTP");
    }

    private static async Task<Socket> ConnectAsync(string socketPath, Func<uint, bool> isTrusted, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken).ConfigureAwait(false);

            // Whoever could make the path could listen there: what is sent, and what comes back, steers devices.
            return PeerCredentials.UserOf(socket) is { } server && isTrusted(server)
                ? socket
                : throw new InvalidDataException("the process that listens there is neither root's nor this user's: it is not believed");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
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
