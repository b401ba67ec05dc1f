using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Control.Server;

namespace PciBackFlow.Backend.Tests.Control.Server;

/// <summary>The framework's server, which wakes up each second, is there while somebody is connected, and for a while after.</summary>
public sealed class LocalServerTests : IDisposable
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(50);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nobody_has_asked_yet_so_there_is_no_server_and_each_who_asks_finds_one()
    {
        using LocalServer server = Make(s_short);
        await server.StartAsync();
        Assert.False(server.IsAwake);

        for (int i = 0; i < 3; i++)
        {
            using (Socket socket = Connect())
            {
                Assert.Equal("yes", Ask(socket));
                Assert.True(server.IsAwake);
            }

            Bench.Eventually(() => !server.IsAwake, "the server ends when nobody is connected");
        }

        await server.StopAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Who_is_connected_and_asks_nothing_for_long_is_answered_all_the_same()
    {
        using LocalServer server = Make(s_short);
        await server.StartAsync();
        using Socket socket = Connect();
        Assert.Equal("yes", Ask(socket));

        Thread.Sleep(10 * s_short);

        Assert.True(server.IsAwake);
        Assert.Equal("yes", Ask(socket));
        await server.StopAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Many_who_come_at_once_and_again_and_again_are_all_answered()
    {
        using LocalServer server = Make(TimeSpan.FromMilliseconds(1));
        await server.StartAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 20; i++)
            {
                using Socket socket = Connect();
                Assert.Equal("yes", Ask(socket));
                Thread.Sleep(i % 3);
            }
        })));

        Bench.Eventually(() => !server.IsAwake, "the server ends when nobody is connected");
        await server.StopAsync(TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_its_end_nobody_is_answered_and_its_socket_is_gone(bool wasAsked)
    {
        using LocalServer server = Make(TimeSpan.FromHours(1));
        await server.StartAsync();
        if (wasAsked)
        {
            using Socket socket = Connect();
            Assert.Equal("yes", Ask(socket));
        }

        await server.StopAsync(TimeSpan.FromSeconds(20));

        Assert.Throws<SocketException>(() => Connect());
        Assert.False(File.Exists(_folder["s"]));
        server.Dispose();
    }

    [Fact]
    public async Task Where_the_server_cannot_be_made_who_comes_next_finds_another_one()
    {
        int made = 0;
        using LocalServer server = Make(TimeSpan.FromHours(1), () =>
        {
            if (Interlocked.Increment(ref made) == 1)
            {
                throw new InvalidOperationException("not this time");
            }
        });
        await server.StartAsync();
        using (Socket refused = Connect())
        {
            Assert.Equal(0, refused.Receive(new byte[1]));
        }

        Bench.Eventually(() => !server.IsAwake, "nobody is connected");
        using Socket socket = Connect();
        Assert.Equal("yes", Ask(socket));
        Assert.Equal(2, made);
        await server.StopAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Where_somebody_else_listens_it_does_not_begin()
    {
        using LocalServer server = Make(s_short);
        await server.StartAsync();
        using LocalServer other = Make(s_short);

        await Assert.ThrowsAsync<IOException>(() => other.StartAsync());
    }

    private static string Ask(Socket socket)
    {
        socket.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8);
        StringBuilder answer = new();
        byte[] buffer = new byte[1024];
        while (!answer.ToString().Contains("\r\n\r\nyes", StringComparison.Ordinal))
        {
            int length = socket.Receive(buffer);
            Assert.True(length > 0, $"the connection ended with '{answer}'");
            answer.Append(Encoding.ASCII.GetString(buffer, 0, length));
        }

        return "yes";
    }

    private LocalServer Make(TimeSpan linger, Action? making = null) => new(
        new UnixDomainSocketEndPoint(_folder["s"]), NullLoggerFactory.Instance,
        static context =>
        {
            context.Response.ContentLength = 3;
            return context.Response.WriteAsync("yes");
        },
        _ => making?.Invoke(), linger);

    private Socket Connect()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.ReceiveTimeout = 20_000;
            socket.Connect(new UnixDomainSocketEndPoint(_folder["s"]));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
