using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Queues;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

using Engine = PipelineEngine<ToyItem, Ingest, Decode, Filter, Execute, Respond, Notify>;

/// <summary>
/// The whole engine with one shard, and peers that ask it. Every request gets one answer, no lane's page gets another's, and all threads
/// come to their end, and in the end every lane has its share of the workers again.
/// </summary>
public abstract class EngineScenario : Scenario
{
    private readonly List<Thread> _peers = [];
    private readonly List<Lane<ToyItem>> _lanes = [];
    private int _requests;

    /// <summary>The shard's announcements are counted, for what the source checks.</summary>
    public sealed override bool WatchesStores => true;

    private protected Engine Engine { get; private set; } = null!;

    private protected WatchedSource Source { get; private set; } = null!;

    private protected ToyPage[] Pages { get; private set; } = [];

    private protected virtual int Lanes => 1;

    /// <summary>Whether who puts something into a queue often loses the processor just before others can see that it is there.</summary>
    private protected virtual bool PreemptsWriters => false;

    private protected virtual EngineOptions Options => new() { SpinMicroseconds = 0, Workers = 2, LaneCapacity = 8 };

    public sealed override void OnStore(string target, string file, object? value)
    {
        if (target == "_asleep" && file == "Shard.cs" && value is 1)
        {
            Source.Announcements++;
        }

        if (PreemptsWriters && target == "slot.Turn" && file == "BoundedQueue.cs" && Choose(4) == 0)
        {
            FallBehind();
        }
    }

    public sealed override void Run()
    {
        Source = new WatchedSource(new MemorySource(Lanes));
        Engine = new Engine(default, Options, _ => Source, static () => new ToyItem());
        Engine.Start();
        var turns = new ToyTurns();
        Pages = new ToyPage[Lanes];
        for (int lane = 0; lane < Lanes; lane++)
        {
            Pages[lane] = new ToyPage(turns);
            var item = new ToyItem { Page = Pages[lane] };
            Engine.Attach(0, lane, item);
            _lanes.Add((Lane<ToyItem>)item.Lane!);
        }

        Act();
        for (int i = 0; i < _peers.Count; i++)
        {
            _peers[i].Join();
        }

        foreach (ToyPage page in Pages)
        {
            page.Gate.Set();
        }

        Settle();
        CheckShares();
        Source.IsEnding = true;
        Engine.Dispose();
        int answers = 0;
        int strays = 0;
        foreach (ToyPage page in Pages)
        {
            answers += page.Answers;
            strays += page.Strays;
        }

        Check(answers == _requests, $"{_requests} requests, {answers} answers");
        Check(strays == 0, $"{strays} answers to nothing");
    }

    /// <summary>What the peers do.</summary>
    private protected abstract void Act();

    /// <summary>What has to be over before the engine ends.</summary>
    private protected virtual void Settle() => Check(Engine.ReadCounters().Expired == 0, "a deadline passed although no access hung");

    /// <summary>Every item whose deadline passed comes back once.</summary>
    private protected void AwaitLateResults()
    {
        EngineCounters counters = Engine.ReadCounters();
        for (int i = 0; counters.LateResults != counters.Expired; i++)
        {
            Check(i < 10, $"{counters.Expired} deadlines passed, {counters.LateResults} results came late");
            Thread.Sleep(1);
            counters = Engine.ReadCounters();
        }
    }

    // Nobody is at any lane's items: each may have its share of the workers, and no more. The lanes are not served any more, so the shares stay taken.
    private void CheckShares()
    {
        int most = Math.Max(1, Options.Workers / 2);
        foreach (Lane<ToyItem> lane in _lanes)
        {
            if (lane.Places[Lane<ToyItem>.WorkersPlace] is { } place)
            {
                CheckShare(ref place.Share, most);
            }
        }
    }

    /// <summary>Nobody is at a lane's items: it may have its share of threads, and no more. They stay taken.</summary>
    internal static void CheckShare(ref Share share, int most)
    {
        for (int i = 0; i < most; i++)
        {
            Check(share.TryBegin(most), "a lane's share of the threads was not given back");
        }

        Check(!share.TryBegin(most), "a lane may have more than its share of the threads");
    }

    private protected void Peer(string name, Action body)
    {
        var thread = new Thread(() => body()) { Name = name };
        _peers.Add(thread);
        thread.Start();
    }

    /// <summary>One request and its answer.</summary>
    private protected int Ask(int lane, int request, ToyWork work = ToyWork.Plain)
    {
        _requests++;
        ToyPage page = Pages[lane];
        page.Request = request;
        page.Work = work;
        Volatile.Write(ref page.Active, 1);
        Interlocked.MemoryBarrier();
        Source.Signal(lane);
        WaitUntil($"the answer on lane {lane}", () => page.Active == 0);
        return page.Answer;
    }

    /// <summary>One request that has to be answered with its result.</summary>
    private protected void AskRight(int lane, int request, ToyWork work = ToyWork.Plain)
    {
        int answer = Ask(lane, request, work);
        Check(answer == request * 2, $"request {request} on lane {lane} was answered {answer}");
    }

    /// <summary>One request that may fail.</summary>
    private protected void AskAny(int lane, int request, ToyWork work)
    {
        int answer = Ask(lane, request, work);
        Check(answer == request * 2 || answer == ToyPage.Failed, $"request {request} on lane {lane} was answered {answer}");
    }
}
