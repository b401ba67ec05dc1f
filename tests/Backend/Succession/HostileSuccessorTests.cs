using System.Net.Sockets;
using System.Text;
using PciBackFlow.Backend.Succession;
using PciBackFlow.Backend.Tests.Inheritance;

namespace PciBackFlow.Backend.Tests.Succession;

/// <summary>Whatever a successor does wrong, and at whatever word: the guest is served by the daemon that was to be followed, later by one that can.</summary>
public sealed class HostileSuccessorTests
{
    private const int Domain = 5;

    /// <summary>What each says before it goes wrong, and how it does.</summary>
    public enum Fault
    {
        Dies,
        Hangs,
        TalksNonsense,
        SaysTheWrongWord,
        SaysTooMuch,
    }

    public static TheoryData<int, Fault> Faults()
    {
        TheoryData<int, Fault> data = [];
        foreach (int words in (int[])[0, 1, 2])
        {
            foreach (Fault fault in Enum.GetValues<Fault>())
            {
                data.Add(words, fault);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_guest_is_served_on(int rightWords, Fault fault)
    {
        using SuccessionBench bench = new()
        {
            Timing = new()
            {
                Hello = TimeSpan.FromSeconds(2), Preparation = TimeSpan.FromSeconds(2), Serving = TimeSpan.FromSeconds(2),
            },
        };
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        RestartBench.Mark(frontend);
        using AskingGuest guest = new(frontend);

        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(bench.Socket));
        using SuccessionLine line = new(socket);
        int killed = 0;
        serving.Killed = _ =>
        {
            killed++;
            socket.Dispose();
        };
        SuccessionMessage[] words = [new(SuccessionWord.Hello, bench.Terms), new(SuccessionWord.Release)];
        foreach (SuccessionMessage word in words.Take(rightWords))
        {
            await line.SendAsync(word, default);
            await line.ReceiveAsync(TimeSpan.FromSeconds(10), default, SuccessionWord.Quiet, SuccessionWord.Released);
        }

        await Fail(socket, fault);
        Bench.Eventually(() => serving.Listened == (rightWords > 0 ? 1 : 0) && (rightWords < 2 || serving.ResumedIn > TimeSpan.Zero), "it goes on");
        guest.AwaitMore();
        Assert.Equal(rightWords == 2 && fault != Fault.Dies ? 1 : 0, killed);

        await bench.Follow();
        guest.AwaitMore();
        guest.Dispose();
        Assert.True(RestartBench.IsMarked(frontend));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"served again in {serving.ResumedIn.TotalMilliseconds:0.00} ms; longest access {guest.Longest.TotalMilliseconds:0.00} ms");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"word\":\"Hello\"}")]
    [InlineData("{\"word\":\"Hello\",\"terms\":{}}")]
    [InlineData("{\"word\":99}")]
    [InlineData("{\"word\":\"Hello\",\"terms\":{\"protocol\":1,\"version\":null,\"platform\":null,\"state_directory\":null,\"formats\":null}}")]
    public async Task What_names_no_terms_is_refused(string line)
    {
        using SuccessionBench bench = new();
        SuccessionBench.LiveDaemon serving = bench.Serve();
        using SmallFrontend frontend = bench.Connect(Domain);
        using (Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(bench.Socket));
            await socket.SendAsync(Encoding.UTF8.GetBytes($"{line}\n"));
            byte[] answer = new byte[1000];
            int length = await socket.ReceiveAsync(answer);
            Assert.True(length == 0 || Encoding.UTF8.GetString(answer, 0, length).Contains("Refused", StringComparison.Ordinal));
        }

        Assert.Equal(0, serving.Listened);
        await bench.Follow();
    }

    private static async Task Fail(Socket socket, Fault fault)
    {
        switch (fault)
        {
            case Fault.Dies:
                socket.Dispose();
                break;
            case Fault.TalksNonsense:
                await socket.SendAsync("\0\x1\"}{\n"u8.ToArray());
                break;
            case Fault.SaysTheWrongWord:
                await socket.SendAsync("{\"word\":\"Over\"}\n"u8.ToArray());
                break;
            case Fault.SaysTooMuch:
                await socket.SendAsync(new byte[SuccessionLine.MaxBytes + 1]);
                break;
        }
    }
}
