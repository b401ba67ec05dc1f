using System.Net.Sockets;
using PciBackFlow.Backend.Succession;

namespace PciBackFlow.Backend.Tests.Succession;

/// <summary>A predecessor that says all the right words, and can die before the last.</summary>
internal sealed class MemoryPredecessor : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _death = new();
    private readonly Task _talking;

    public MemoryPredecessor(SuccessionBench bench)
    {
        Socket = $"{bench.Socket}.dying";
        _listener.Bind(new UnixDomainSocketEndPoint(Socket));
        _listener.Listen();
        _talking = TalkAsync(bench.Terms);
    }

    public string Socket { get; }

    public void Die() => _death.Cancel();

    public void Dispose()
    {
        _death.Cancel();
        _talking.Wait();
        _listener.Dispose();
        _death.Dispose();
    }

    private async Task TalkAsync(SuccessionTerms terms)
    {
        using SuccessionLine line = new(await _listener.AcceptAsync());
        await line.ReceiveAsync(TimeSpan.FromSeconds(10), default);
        await line.SendAsync(new(SuccessionWord.Quiet, terms), default);
        await line.ReceiveAsync(TimeSpan.FromSeconds(10), default);
        await line.SendAsync(new(SuccessionWord.Released, Since: 1), default);
        await Task.Delay(Timeout.Infinite, _death.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
