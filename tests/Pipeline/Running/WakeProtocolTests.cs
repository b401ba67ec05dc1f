using PciBackFlow.Pipeline.Running;

namespace PciBackFlow.Pipeline.Tests.Running;

/// <summary>
/// The wake-up protocol of a lane as a small model, every interleaving of which is visited: peer (write request, fence, signal, wait for the
/// answer) against shard (block, look, unmask, fence, look again), each with a store buffer as x86 has it. A state without a next step is a lost wake-up unless
/// the peer has had all its answers.
/// </summary>
public sealed class WakeProtocolTests
{
    private const int Requests = 3;

    [Theory]

    // As built, on a source that keeps what is signalled while masked (the contract), and on one that would forget it.
    [InlineData(true, true, true, true, true)]
    [InlineData(false, true, true, true, true)]

    // The source's memory alone is enough: the second look only saves a wake-up.
    [InlineData(true, false, false, true, true)]

    // Whose event overtakes its request is lost on any source: the peer's barrier is part of the protocol.
    [InlineData(true, true, true, false, false)]

    // On the forgetful source each part is needed: the second look, the shard's fence, the peer's fence.
    [InlineData(false, false, true, true, false)]
    [InlineData(false, true, false, true, false)]
    [InlineData(false, true, true, false, false)]
    public void No_request_is_left_behind(bool sourceRemembers, bool looksAgain, bool shardFence, bool peerFence, bool safe)
    {
        var model = new Model(sourceRemembers, looksAgain, shardFence, peerFence);
        Assert.Equal(safe, !model.LosesAWakeup(out int states));
        Assert.True(states > 20, $"only {states} states");
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, false)]
    public void Announce_then_look_needs_a_fence_on_both_sides(bool sleeperFence, bool wakerFence, bool safe)
    {
        // The pattern of a shard that blocks, of a parked reader and of the watchdog: x = I sleep, y = there is work. Unsafe = both read 0.
        bool lost = false;
        var seen = new HashSet<(int, int, bool, bool, bool, bool)>();
        var todo = new Stack<(int Sleeper, int Waker, bool BufferX, bool BufferY, bool X, bool Y)>();
        todo.Push((0, 0, false, false, false, false));
        while (todo.TryPop(out (int Sleeper, int Waker, bool BufferX, bool BufferY, bool X, bool Y) s))
        {
            if (!seen.Add(s))
            {
                continue;
            }

            // Program counters: 0 store, 1 fence, 2 load, 3 saw the other, 4 did not.
            lost |= s.Sleeper == 4 && s.Waker == 4;
            if (s.BufferX)
            {
                todo.Push(s with { BufferX = false, X = true });
            }

            if (s.BufferY)
            {
                todo.Push(s with { BufferY = false, Y = true });
            }

            switch (s.Sleeper)
            {
                case 0: todo.Push(s with { Sleeper = 1, BufferX = true }); break;
                case 1 when !(sleeperFence && s.BufferX): todo.Push(s with { Sleeper = 2 }); break;
                case 2: todo.Push(s with { Sleeper = s.Y ? 3 : 4 }); break;
            }

            switch (s.Waker)
            {
                case 0: todo.Push(s with { Waker = 1, BufferY = true }); break;
                case 1 when !(wakerFence && s.BufferY): todo.Push(s with { Waker = 2 }); break;
                case 2: todo.Push(s with { Waker = s.X ? 3 : 4 }); break;
            }
        }

        Assert.Equal(safe, !lost);
    }

    private enum Peer
    {
        Write,
        Fence,
        Signal,
        Await,
        Finished,
    }

    private enum Shard
    {
        Blocked,
        Look,
        Unmask,
        Fence,
        LookAgain,
    }

    private sealed class Model(bool sourceRemembers, bool looksAgain, bool shardFence, bool peerFence)
    {
        public bool LosesAWakeup(out int states)
        {
            var seen = new HashSet<State>();
            var todo = new Stack<State>();
            todo.Push(default);
            bool lost = false;
            var next = new List<State>();
            while (todo.TryPop(out State state))
            {
                if (!seen.Add(state))
                {
                    continue;
                }

                next.Clear();
                AddSteps(state, next);
                lost |= next.Count == 0 && state.Peer != Peer.Finished;
                next.ForEach(todo.Push);
            }

            states = seen.Count;
            return lost;
        }

        private void AddSteps(State s, List<State> next)
        {
            // Either store buffer may drain at any time.
            if (s.ActiveBuffered)
            {
                next.Add(s with { ActiveBuffered = false, Active = true });
            }

            if (s.UnmaskBuffered)
            {
                next.Add(s with { UnmaskBuffered = false, Masked = false, Ready = s.Ready || s.Pending, Pending = false });
            }

            switch (s.Peer)
            {
                case Peer.Write:
                    next.Add(s with { Peer = Peer.Fence, ActiveBuffered = true });
                    break;
                case Peer.Fence when !(peerFence && s.ActiveBuffered):
                    next.Add(s with { Peer = Peer.Signal });
                    break;
                case Peer.Signal when s.Masked:
                    next.Add(s with { Peer = Peer.Await, Pending = sourceRemembers });
                    break;
                case Peer.Signal:
                    next.Add(s with { Peer = Peer.Await, Ready = true });
                    break;
                case Peer.Await when !s.Active && !s.ActiveBuffered:
                    next.Add(s with { Answered = s.Answered + 1, Peer = s.Answered + 1 == Requests ? Peer.Finished : Peer.Write });
                    break;
            }

            switch (s.Shard)
            {
                case Shard.Blocked when s.Ready && !s.UnmaskBuffered:
                    next.Add(s with { Shard = Shard.Look, Ready = false, Masked = true });
                    break;
                case Shard.Look:
                    // It looks as often as its spin budget lets it.
                    next.Add(s with { Active = false, Shard = Shard.Look });
                    next.Add(s with { Active = false, Shard = Shard.Unmask });
                    break;
                case Shard.Unmask:
                    next.Add(s with { UnmaskBuffered = true, Shard = Shard.Fence });
                    break;
                case Shard.Fence when !(shardFence && s.UnmaskBuffered):
                    next.Add(s with { Shard = looksAgain ? Shard.LookAgain : Shard.Blocked });
                    break;
                case Shard.LookAgain:
                    next.Add(s with { Active = false, Shard = Shard.Blocked });
                    break;
            }

            next.RemoveAll(n => n == s);
        }
    }

    private readonly record struct State(
        Peer Peer, Shard Shard, bool Active, bool ActiveBuffered, bool Masked, bool UnmaskBuffered, bool Pending, bool Ready, int Answered);
}
