using System.Diagnostics;
using PciBackFlow.Backend.Tests.Interrupts;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Tests.Inheritance;

/// <summary>
/// A guest's whole life, with its daemon killed before and after the first effect that it has on the world, the second, the third, until it is not killed any
/// more. Each time another daemon follows, the guest goes on, and it ends as it ends undisturbed.
/// </summary>
public sealed class KilledAtEveryEffectTests
{
    private const int Domain = 5;

    [Fact]
    public void The_life_of_a_guest_ends_as_if_nobody_had_been_killed()
    {
        string undisturbed = Live(moment: 0, out _);
        bool wasKilled = true;
        int moment = 0;
        while (wasKilled)
        {
            string end;
            try
            {
                end = Live(++moment, out wasKilled);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"killed at {moment}", e);
            }

            Assert.True(undisturbed == end, $"killed at {moment}: {end} instead of {undisturbed}");
        }

        // 30 effects at least: connect, messages, hot-plug, close.
        Assert.True(moment > 60, $"only {moment} moments");
    }

    private static string Live(int moment, out bool wasKilled)
    {
        using RestartBench bench = new(moment);
        using Successor successor = new(bench);
        List<string> seen = [];
        bench.Create(Domain, handle: null, RestartBench.Nic);
        using SmallFrontend frontend = new(bench.Host, Domain);
        bench.AwaitState(Domain, 3);
        frontend.Publish();
        bench.AwaitState(Domain, 4);
        frontend.Write("state", "4");

        seen.Add($"{frontend.Read(0, 0, 4)}");
        RestartBench.Mark(frontend);
        seen.Add($"{frontend.Write(0, ConfigRegisters.Command, 2, CommandBits.Memory | CommandBits.BusMaster)}");
        seen.Add(EnableMsix(frontend));
        seen.Add($"{(RestartBench.IsMarked(frontend) ? "marked" : "lost")} {Vectors(bench)} vectors");

        bench.AddDevice(Domain, 1, RestartBench.Sound);
        HandShake(bench, frontend);
        seen.Add($"{frontend.Read(8, 0, 4)} {bench.Key(Domain, "vdev-1")}");

        seen.Add($"{frontend.Ask(new() { Command = PciOpCode.DisableMsix }, []).Error} {Vectors(bench)} vectors");
        seen.Add(EnableMsix(frontend));
        bench.AskForDevice(Domain, 0);
        HandShake(bench, frontend);
        bench.RemoveDevice(Domain, RestartBench.Nic);
        seen.Add($"{frontend.Read(0, 0, 4)} {frontend.Read(8, 0, 4)}");

        bench.Store.Write($"{Bench.BackendPath(Domain)}/online", "0");
        frontend.Write("state", "5");
        bench.AwaitState(Domain, 5);
        frontend.Write("state", "6");
        bench.AwaitState(Domain, 6);
        Bench.Eventually(() => Directory.GetFiles(bench.Left).Length == 0, "nothing left behind");
        successor.Stop();
        seen.Add($"{bench.State(Domain)}");
        wasKilled = successor.HasFollowed;

        // What was mapped when its number was not yet written down is Xen's until the guest ends.
        Assert.InRange(bench.Pirqs(Domain).Count, 0, wasKilled ? 2 : 0);
        return string.Join("; ", seen);
    }

    private static int Vectors(RestartBench bench)
    {
        // The dead one's own view says nothing about its successor's.
        Bench.Eventually(() => !bench.Process.IsDead, "somebody lives");
        bench.AwaitServed(Domain);
        return bench.Snapshot(Domain)!.Functions[0].Interrupts.Vectors;
    }

    private static string EnableMsix(SmallFrontend frontend)
    {
        PciOpRequest answer = frontend.Ask(new() { Command = PciOpCode.EnableMsix, Value = 2 }, OwnedFunction.Entries(0, 1));
        return $"{answer.Error} {answer.Value}";
    }

    private static void HandShake(RestartBench bench, SmallFrontend frontend)
    {
        frontend.Write("state", "7");
        bench.AwaitState(Domain, 8);
        frontend.Write("state", "4");
        bench.AwaitState(Domain, 4);
    }

    /// <summary>Starts another daemon when the first one is dead, as a service manager does.</summary>
    private sealed class Successor : IDisposable
    {
        private readonly Thread _thread;
        private volatile bool _isOver;
        private volatile bool _hasFollowed;

        public Successor(RestartBench bench)
        {
            _thread = new(() =>
            {
                while (!_isOver && !_hasFollowed)
                {
                    if (bench.Process.IsDead)
                    {
                        bench.StartAfterDeath();
                        _hasFollowed = true;
                    }

                    Thread.Sleep(1);
                }
            }) { IsBackground = true };
            _thread.Start();
        }

        public bool HasFollowed => _hasFollowed;

        public void Stop()
        {
            _isOver = true;
            _thread.Join();
        }

        public void Dispose() => Stop();
    }
}
