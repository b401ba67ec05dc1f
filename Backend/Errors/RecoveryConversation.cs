using PciBackFlow.Backend.Running;
using PciBackFlow.Backend.Serving;
using PciBackFlow.Filter.Effects;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Connections;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Errors;

/// <summary>
/// One recovery with one guest: does what <see cref="RecoveryTable"/> says, for all its functions that the error concerns. The page is the shard's: it is only
/// touched by actions that run there, between two of the guest's requests, which go on meanwhile. Used by one thread at a time.
/// </summary>
/// <param name="lane">The guest's lane; null when it is not connected.</param>
/// <param name="functions">Its functions that are concerned, by rising guest address.</param>
/// <param name="services">Through what it acts.</param>
/// <param name="countsOf">Where it is counted what guests do wrong.</param>
internal sealed class RecoveryConversation(
    GuestLane? lane, IReadOnlyList<AssignedFunction> functions, ErrorServices services, Func<PciAddress, ErrorCounts> countsOf)
{
    private static readonly TimeSpan TurnPause = TimeSpan.FromMilliseconds(1);

    // Those in whose guest nobody can be asked about them.
    private readonly HashSet<AssignedFunction> _mute = [];
    private readonly HashSet<AssignedFunction> _told = [];
    private volatile bool _wasReset;

    /// <summary>Those whose drivers were told that their device will not come back.</summary>
    public IReadOnlySet<AssignedFunction> ToldOfTheEnd => _told;

    /// <summary>Runs it to its end.</summary>
    /// <param name="first">Its first step.</param>
    /// <param name="note">Called before each step: where it stands, for the next daemon.</param>
    /// <param name="cancellationToken">The daemon ends. The guest keeps the question, the next daemon the note.</param>
    /// <returns>How it ended.</returns>
    public async Task<RecoveryPhase> RunAsync(RecoveryTransition first, Action<RecoveryState> note, CancellationToken cancellationToken)
    {
        RecoveryTransition now = first;
        if (first.State is { Phase: RecoveryPhase.Detecting, Channel: ChannelState.Frozen })
        {
            // Before anybody is told: drivers give their messages back then, and Xen could not mask them in a function whose memory decoding is off. It would
            // mask them all, and refuse the function to its next guest (xen/arch/x86/msi.c, pci_reset_msix_state).
            await WithAllAsync(SideEffects.PutBack, cancellationToken).ConfigureAwait(false);
        }

        while (!now.State.IsOver)
        {
            cancellationToken.ThrowIfCancellationRequested();
            note(now.State);
            RecoveryEvent happened = now.Action switch
            {
                RecoveryAction.Ask ask => await AskAllAsync(ask, cancellationToken).ConfigureAwait(false),
                _ => await ResetAllAsync(now.State.Channel == ChannelState.Frozen, cancellationToken).ConfigureAwait(false),
            };
            now = RecoveryTable.Next(now.State, happened);
        }

        // The kernel has written nothing back, and whoever goes on with the device, or connects anew, would find it without its addresses.
        if (now.State is { Channel: ChannelState.Frozen } && !_wasReset)
        {
            await ResetAllAsync(hasLinkBeenReset: true, cancellationToken).ConfigureAwait(false);
        }

        return now.State.Phase;
    }

    private async Task<RecoveryEvent> AskAllAsync(RecoveryAction.Ask ask, CancellationToken cancellationToken)
    {
        RecoveryVerdict verdict = Verdicts.OfNobody(ask.Command);
        bool isAnyLeft = false;
        foreach (AssignedFunction function in functions)
        {
            if (function.IsWithdrawn)
            {
                continue;
            }

            isAnyLeft = true;
            if (_mute.Contains(function))
            {
                continue;
            }

            if (ask.State == ChannelState.PermanentFailure)
            {
                _told.Add(function);
            }

            (RecoveryReply reply, int answer) = await AskAsync(function, ask, cancellationToken).ConfigureAwait(false);
            switch (reply)
            {
                case RecoveryReply.Closed:
                    return new RecoveryEvent.GuestGone();
                case RecoveryReply.NoHandler:
                    Mute(function);
                    verdict = Verdicts.Merge(verdict, RecoveryVerdict.NoHandler);
                    continue;
                case not RecoveryReply.Answered:
                    countsOf(function.Hardware.Address).AddLateVerdict();
                    return new RecoveryEvent.Silent();
            }

            if (!Verdicts.IsOne(answer))
            {
                countsOf(function.Hardware.Address).AddBadVerdict();
            }

            RecoveryVerdict said = Verdicts.Read(ask.Command, answer);
            if (said == RecoveryVerdict.NoHandler)
            {
                Mute(function);
            }

            verdict = Verdicts.Merge(verdict, said);
        }

        return isAnyLeft ? new RecoveryEvent.Voted(verdict) : new RecoveryEvent.GuestGone();
    }

    private void Mute(AssignedFunction function)
    {
        _mute.Add(function);
        _told.Remove(function);
    }

    private async Task<(RecoveryReply Reply, int Answer)> AskAsync(AssignedFunction function, RecoveryAction.Ask ask, CancellationToken cancellationToken)
    {
        if (lane is null)
        {
            return (RecoveryReply.NoHandler, 0);
        }

        PciAddress guest = function.GuestAddress;
        RecoveryRequest request = new(ask.Command, ask.State, guest.Domain, guest.Bus, guest.Devfn);
        RecoverySlot slot = lane.Connection.Recovery;
        (RecoveryReply reply, int answer) = await WaitAsync(slot, reply => slot.Ask(request, reply), cancellationToken).ConfigureAwait(false);
        if (reply != RecoveryReply.Occupied)
        {
            return (reply, answer);
        }

        // An earlier daemon's question, or the guest pretends so: it has as long as for one of ours, and then this one is asked.
        (reply, answer) = await WaitAsync(
            slot, reply => slot.AwaitEarlier(reply) ? RecoveryReply.Asked : RecoveryReply.Closed, cancellationToken).ConfigureAwait(false);
        return reply == RecoveryReply.Answered
            ? await WaitAsync(slot, again => slot.Ask(request, again), cancellationToken).ConfigureAwait(false)
            : (reply, answer);
    }

    // What is asked on the shard, and what came of it.
    private async Task<(RecoveryReply Reply, int Answer)> WaitAsync(
        RecoverySlot slot, Func<Action<RecoveryReply, int>, RecoveryReply> ask, CancellationToken cancellationToken)
    {
        TaskCompletionSource<(RecoveryReply, int)> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RecoveryReply asked = RecoveryReply.Closed;

        // Told by another thread: a continuation may start one, which the shard must not wait for.
        if (!TryOnShard(() => asked = ask((reply, answer) => services.Notices.Post(() => answered.TrySetResult((reply, answer)))))
            || asked != RecoveryReply.Asked)
        {
            return (asked, 0);
        }

        Task ended = await Task.WhenAny(answered.Task, Task.Delay(services.Timing.Answer, services.Clock, cancellationToken)).ConfigureAwait(false);
        if (ended != answered.Task)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!TryOnShard(slot.GiveUp))
            {
                return (RecoveryReply.Closed, 0);
            }
        }

        return await answered.Task.ConfigureAwait(false);
    }

    private bool TryOnShard(Action action)
    {
        try
        {
            lane!.Run(action);
            return true;
        }
        catch (Exception e) when (e is ObjectDisposedException or InvalidOperationException)
        {
            // The engine ends, and with it every guest's service.
            return false;
        }
    }

    private Task<RecoveryEvent> ResetAllAsync(bool hasLinkBeenReset, CancellationToken cancellationToken)
    {
        _wasReset = true;
        return WithAllAsync(function => SideEffects.Reset(function, hasLinkBeenReset), cancellationToken);
    }

    // A reset takes seconds and cannot be stopped; a guest that dies meanwhile has its function withdrawn behind it.
    private Task<RecoveryEvent> WithAllAsync(Func<AssignedFunction, bool> work, CancellationToken cancellationToken) => Task.Factory.StartNew<RecoveryEvent>(
        () =>
        {
            using var wait = DeviceWait.Begin();
            int left = 0;
            foreach (AssignedFunction function in functions.Where(static function => !function.IsWithdrawn))
            {
                // While the one before was reset the daemon may have ended: this one is another's by now.
                cancellationToken.ThrowIfCancellationRequested();
                if (TryWith(function, work, cancellationToken))
                {
                    left++;
                }
                else if (!function.IsWithdrawn)
                {
                    return new RecoveryEvent.WasReset(Works: false);
                }
            }

            return left > 0 ? new RecoveryEvent.WasReset(Works: true) : new RecoveryEvent.GuestGone();
        },
        cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private bool TryWith(AssignedFunction function, Func<AssignedFunction, bool> work, CancellationToken cancellationToken)
    {
        long begin = services.Clock.GetTimestamp();
        while (!function.TryBegin())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (function.IsWithdrawn || services.Clock.GetElapsedTime(begin) > services.Timing.Turn)
            {
                return false;
            }

            Thread.Sleep(TurnPause);
        }

        try
        {
            return work(function) && !function.IsGone;
        }
        finally
        {
            function.End();
        }
    }
}
