using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Abstractions;
using PciBackFlow.Backend.Control;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Cli.Serve;

namespace PciBackFlow.Cli.Tests.Serve;

/// <summary>The watchdog of the service manager, told through its environment, as systemd does it. No other test's daemon has a service manager.</summary>
public sealed class ServiceManagerTests : IDisposable
{
    private const string Fed = "WATCHDOG=1";

    private readonly string? _process = Environment.GetEnvironmentVariable("WATCHDOG_PID");
    private readonly string? _interval = Environment.GetEnvironmentVariable("WATCHDOG_USEC");

    public ServiceManagerTests()
    {
        Environment.SetEnvironmentVariable("WATCHDOG_PID", null);
        Environment.SetEnvironmentVariable("WATCHDOG_USEC", "100000");
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("WATCHDOG_PID", _process);
        Environment.SetEnvironmentVariable("WATCHDOG_USEC", _interval);
    }

    [Fact]
    public async Task While_a_shard_does_not_answer_the_watchdog_is_not_fed_and_it_is_again_when_it_does()
    {
        using var release = new ManualResetEventSlim();
        int looks = 0;
        var told = new Told();
        using var manager = new ServiceManager(told, new ShardLiveness(2, Invoke), static () => "serving", NullLogger.Instance);
        await manager.StartAsync(CancellationToken.None);

        // A look at the shards begins when the one before has told what it saw.
        await Eventually(() => Volatile.Read(ref looks) > 5, "several looks");
        Assert.DoesNotContain(Fed, told.Lines);
        Assert.Contains(
            told.Lines,
            line => line.StartsWith("STATUS=shard ", StringComparison.Ordinal) && line.EndsWith("1 does not answer", StringComparison.Ordinal));

        release.Set();
        await Eventually(() => told.Lines.Contains(Fed), "fed");
        await Eventually(() => told.Lines.Contains("STATUS=serving"), "said");
        await manager.StopAsync(CancellationToken.None);

        void Invoke(int shard, Action action)
        {
            if (shard == 1)
            {
                release.Wait();
            }
            else
            {
                Interlocked.Increment(ref looks);
            }

            action();
        }
    }

    [Fact]
    public async Task A_word_that_the_manager_does_not_take_is_said_again()
    {
        var told = new Told { Refuses = 3 };
        using var manager = new ServiceManager(told, new ShardLiveness(1, static (_, action) => action()), static () => "serving", NullLogger.Instance);
        await manager.StartAsync(CancellationToken.None);

        await Eventually(() => told.Lines.Contains(Fed) && told.Lines.Contains("STATUS=serving"), "told at last");
        Assert.True(told.Refuses < 0);
        await manager.StopAsync(CancellationToken.None);
    }

    private static async Task Eventually(Func<bool> holds, string what)
    {
        long start = Environment.TickCount64;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 - start < 60_000, $"not within a minute: {what}");
            await Task.Delay(5);
        }
    }

    private sealed class Told : ISystemdNotifier
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public bool IsEnabled => true;

        public string[] Lines => [.. _lines];

        public int Refuses { get; set; }

        public void Notify(ServiceState state)
        {
            if (Refuses-- > 0)
            {
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            _lines.Enqueue(state.ToString());
        }
    }
}
