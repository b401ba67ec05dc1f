using System.Diagnostics;
using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline.Tests.Toy;

using Engine = PipelineEngine<ToyItem, Ingest, Decode, Filter, Execute, Respond, Notify>;

/// <summary>An engine with one shard over memory, and peers that post to it.</summary>
internal sealed class ToyEngine : IDisposable
{
    public readonly MemorySource Source;
    public readonly Engine Engine;
    public readonly ToyPage[] Pages;
    public readonly ToyItem[] Items;
    private int _spares;

    public ToyEngine(EngineOptions options, int lanes = 1, int deadline = 500)
    {
        Source = new MemorySource(lanes + 8);
        Engine = new Engine(default, options, _ => Source, MakeSpare);
        Engine.Start();
        var turns = new ToyTurns();
        Pages = new ToyPage[lanes];
        Items = new ToyItem[lanes];
        for (int i = 0; i < lanes; i++)
        {
            Pages[i] = new ToyPage(turns);
            Items[i] = new ToyItem { Page = Pages[i], Deadline = deadline };
            Engine.Attach(0, i, Items[i]);
        }
    }

    /// <summary>Items that the engine has had made.</summary>
    public int Spares => Volatile.Read(ref _spares);

    public EngineCounters Counters => Engine.ReadCounters();

    public void Post(int lane, int request, ToyWork work = ToyWork.Plain, bool signal = true)
    {
        ToyPage page = Pages[lane];
        page.Request = request;
        page.Work = work;
        Volatile.Write(ref page.Active, 1);
        Interlocked.MemoryBarrier();
        if (signal)
        {
            Source.Signal(lane);
        }
    }

    public bool IsAnswered(int lane) => Volatile.Read(ref Pages[lane].Active) == 0;

    public int Await(int lane, int milliseconds = 5000)
    {
        Until(() => IsAnswered(lane), milliseconds);
        return Pages[lane].Answer;
    }

    /// <summary>As <see cref="Await"/>, for loops that must not allocate or sleep.</summary>
    public int SpinAwait(int lane)
    {
        long give_up = Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency);
        while (Volatile.Read(ref Pages[lane].Active) != 0)
        {
            Thread.Yield();
            Assert.True(Stopwatch.GetTimestamp() < give_up, "no answer within 5 s");
        }

        return Pages[lane].Answer;
    }

    public static void Until(Func<bool> condition, int milliseconds = 5000)
    {
        long end = Stopwatch.GetTimestamp() + (Stopwatch.Frequency * milliseconds / 1000);
        while (!condition())
        {
            Assert.True(Stopwatch.GetTimestamp() < end, $"not within {milliseconds} ms");
            Thread.Sleep(1);
        }
    }

    private ToyItem MakeSpare()
    {
        Interlocked.Increment(ref _spares);
        return new ToyItem();
    }

    public void Dispose()
    {
        foreach (ToyPage page in Pages)
        {
            page.Gate.Set();
        }

        Engine.Dispose();
    }
}
