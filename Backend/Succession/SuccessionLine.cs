using System.Net.Sockets;
using System.Text.Json;
using PciBackFlow.Backend.Failures;

namespace PciBackFlow.Backend.Succession;

/// <summary>One end of the conversation: a JSON document a line, over a Unix socket. Not thread-safe; owns the socket.</summary>
internal sealed class SuccessionLine(Socket socket) : IDisposable
{
    /// <summary>Longest line, its end included: many times what is ever said.</summary>
    public const int MaxBytes = 8 << 10;

    private readonly byte[] _received = new byte[MaxBytes];
    private int _length;

    /// <summary>Says something.</summary>
    /// <exception cref="IOException">Nobody is at the other end.</exception>
    public async Task SendAsync(SuccessionMessage message, CancellationToken cancellationToken)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(message, SuccessionJson.Default.SuccessionMessage), (byte)'\n'];
        try
        {
            for (int sent = 0; sent < line.Length;)
            {
                sent += await socket.SendAsync(line.AsMemory(sent), SocketFlags.None, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SocketException e)
        {
            throw new IOException($"the other daemon does not listen: {e.Message}", e);
        }
    }

    /// <summary>Hears the next line.</summary>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">Nobody is at the other end, or what is said is no message.</exception>
    /// <exception cref="TimeoutException">Nothing was said in that time.</exception>
    public async Task<SuccessionMessage> ReceiveAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var clock = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        clock.CancelAfter(patience);
        try
        {
            int end;
            while ((end = _received.AsSpan(0, _length).IndexOf((byte)'\n')) < 0)
            {
                if (_length == MaxBytes)
                {
                    throw new IOException($"a line of the other daemon is longer than {MaxBytes} bytes");
                }

                int count = await socket.ReceiveAsync(_received.AsMemory(_length), SocketFlags.None, clock.Token).ConfigureAwait(false);
                if (count == 0)
                {
                    throw new IOException("the other daemon has gone");
                }

                _length += count;
            }

            SuccessionMessage? message = JsonSerializer.Deserialize(_received.AsSpan(0, end), SuccessionJson.Default.SuccessionMessage);
            _received.AsSpan(end + 1, _length - end - 1).CopyTo(_received);
            _length -= end + 1;
            return message ?? throw new IOException("the other daemon says nothing that is known");
        }
        catch (JsonException e)
        {
            throw new IOException($"the other daemon says nothing that is known: {e.Message}", e);
        }
        catch (SocketException e)
        {
            throw new IOException($"the other daemon has gone: {e.Message}", e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"the other daemon did not answer in {patience.TotalMilliseconds:0} ms");
        }
    }

    /// <summary>Hears one of the words that may come now.</summary>
    /// <exception cref="IOException">It is another one.</exception>
    /// <exception cref="TimeoutException">Nothing was said in that time.</exception>
    public async Task<SuccessionMessage> ReceiveAsync(TimeSpan patience, CancellationToken cancellationToken, params SuccessionWord[] expected)
    {
        SuccessionMessage message = await ReceiveAsync(patience, cancellationToken).ConfigureAwait(false);
        return expected.Contains(message.Word)
            ? message
            : throw new IOException($"the other daemon says '{message.Word}', not '{string.Join("' or '", expected)}'");
    }

    /// <summary>Whether somebody is still at the other end, who only says nothing.</summary>
    public bool IsOpen
    {
        get
        {
            try
            {
                return !socket.Poll(0, SelectMode.SelectRead) || socket.Available > 0;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
