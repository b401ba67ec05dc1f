using System.Collections.Concurrent;
using PciBackFlow.Hardware.Hypervisor.Xen.Store;

namespace PciBackFlow.Hardware.Tests.Hypervisor.Xen.Store;

/// <summary>The other end of a connection, played by a test: it sees what is sent and says what is received, byte by byte if it likes.</summary>
internal sealed class ScriptedTransport : IXenStoreTransport
{
    private readonly BlockingCollection<byte[]> _toClient = [];

    public string Name => "script";

    public bool OneAtATime { get; init; }

    public bool TakesRelativePaths { get; init; }

    public BlockingCollection<byte[]> Sent { get; } = [];

    /// <summary>What sending does besides; may throw.</summary>
    public Action<byte[]> OnSend { get; set; } = _ => { };

    public void Send(ReadOnlySpan<byte> message)
    {
        byte[] sent = message.ToArray();
        OnSend(sent);
        Sent.Add(sent);
    }

    public int Receive(Span<byte> buffer)
    {
        if (!_toClient.TryTake(out byte[]? bytes, -1) || bytes.Length == 0)
        {
            return 0;
        }

        bytes.CopyTo(buffer);
        return bytes.Length;
    }

    /// <summary>Takes the next request, whose id answers need.</summary>
    public byte[] Next() => Sent.TryTake(out byte[]? sent, 10_000) ? sent : throw new TimeoutException("nothing was sent");

    public void Say(params byte[] bytes) => _toClient.Add(bytes);

    /// <summary>Answers a request.</summary>
    public void Answer(byte[] request, uint type, ReadOnlySpan<byte> payload) => Say(Message(type, BitConverter.ToUInt32(request, 4), payload));

    public void Close() => Say();

    public void Dispose() => Close();

    public static byte[] Message(uint type, uint request, ReadOnlySpan<byte> payload) =>
        [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(request), 0, 0, 0, 0, .. BitConverter.GetBytes(payload.Length), .. payload];
}
