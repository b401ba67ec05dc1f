using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Xenstore;
using PciBackFlow.Filter.Policy;
using PciBackFlow.Filter.Run;
using PciBackFlow.Hardware.Errors;
using PciBackFlow.Pci;
using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Errors;

/// <summary>One guest's recovery from what has happened to its devices: the conversation, and what follows from its end. For many guests at once.</summary>
/// <param name="services">Through what.</param>
/// <param name="notes">Where it is noted for the next daemon how far it is.</param>
/// <param name="countsOf">Where it is counted what became of it.</param>
internal sealed class GuestRecovery(ErrorServices services, NotedRecoveries notes, Func<PciAddress, ErrorCounts> countsOf)
{
    private static readonly TimeSpan ConnectPause = TimeSpan.FromMilliseconds(50);

    // Longer than it takes a daemon that has just started to come to the last of its guests.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private readonly Remedies _remedies = new(services);

    /// <summary>Runs it.</summary>
    /// <param name="guest">The guest.</param>
    /// <param name="pending">What has happened.</param>
    /// <param name="cancellationToken">The daemon ends.</param>
    public async Task RunAsync(GuestId guest, PendingRecovery pending, CancellationToken cancellationToken)
    {
        if (pending.Left is { Phase: RecoveryPhase.Detecting, Channel: ChannelState.Frozen })
        {
            // Who noted it may have ended before the kernel had: its reset of the link may be still to come, and lose what is written back before it.
            await Task.Delay(services.Timing.Settle, services.Clock, cancellationToken).ConfigureAwait(false);
        }

        GuestSnapshot? snapshot = await AwaitServiceAsync(guest, pending.Left is not null, cancellationToken).ConfigureAwait(false);
        AssignedFunction[] functions =
            [.. (snapshot?.Table.Functions ?? []).Where(function => pending.Devices.Contains(function.Hardware.Address) && !function.IsWithdrawn)];
        if (functions.Length == 0)
        {
            notes.End(guest);
            return;
        }

        // What is taken up again was counted by who began it.
        bool isWithinBudget = pending.Left is not null;
        if (!isWithinBudget)
        {
            isWithinBudget = true;
            foreach (PciAddress reporting in pending.Reporting.Keys)
            {
                isWithinBudget &= services.Quarantine.TryBegin(reporting);
            }
        }

        RecoveryConversation conversation = new(snapshot!.Lane, functions, services, countsOf);
        RecoveryPhase end = await conversation.RunAsync(
            FirstOf(pending, isWithinBudget), state => notes.Step(guest, state), cancellationToken).ConfigureAwait(false);

        // What was under way at the end of the daemon, and could not be stopped: what follows from it is the next one's to say.
        cancellationToken.ThrowIfCancellationRequested();
        await FinishAsync(guest, pending, functions, conversation.ToldOfTheEnd, isWithinBudget, end, cancellationToken).ConfigureAwait(false);
        notes.End(guest);
    }

    private static RecoveryTransition FirstOf(PendingRecovery pending, bool isWithinBudget)
    {
        if (!isWithinBudget)
        {
            return RecoveryTable.BeginFailed();
        }

        return pending.Left is { } left ? RecoveryTable.Resume(left) : RecoveryTable.Begin(pending.Severity);
    }

    private GuestSnapshot? Find(GuestId guest) => services.Guests().FirstOrDefault(snapshot => snapshot.Id == guest);

    // One that is just connecting is to be asked all the same. So is one that a daemon which has just started has not come to yet, or whose first look is under
    // way: it may wait for the very device.
    private async Task<GuestSnapshot?> AwaitServiceAsync(GuestId guest, bool isInherited, CancellationToken cancellationToken)
    {
        long begin = services.Clock.GetTimestamp();
        while (true)
        {
            GuestSnapshot? seen = Find(guest);
            if (seen?.IsAttached ?? !isInherited)
            {
                return seen;
            }

            bool isBeginning = isInherited && seen is { Backend: XenbusState.Unknown };
            TimeSpan patience = seen is null ? StartPatience : services.Timing.Answer;
            if (!isBeginning && services.Clock.GetElapsedTime(begin) >= patience)
            {
                return seen;
            }

            await Task.Delay(ConnectPause, services.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task FinishAsync(
        GuestId guest, PendingRecovery pending, AssignedFunction[] functions, IReadOnlySet<AssignedFunction> told, bool isWithinBudget, RecoveryPhase end,
        CancellationToken cancellationToken)
    {
        // Whatever came of it: the kernel leaves the status of a function without a driver, and the next error would be taken for this one's.
        foreach (PciAddress device in pending.Reporting.Keys)
        {
            services.Source.Clear(device);
        }

        if (end == RecoveryPhase.Recovered)
        {
            foreach (AssignedFunction function in functions)
            {
                function.NoteFailure(hasFailed: false);
            }

            End(guest, pending, end, ErrorLine.Over, "recovered");
            return;
        }

        if (end == RecoveryPhase.Abandoned)
        {
            End(guest, pending, end, ErrorLine.Failed, "its guest was gone before the recovery had ended");
            return;
        }

        AssignedFunction[] lost = [.. functions.Where(function => !function.IsWithdrawn && IsLost(function, pending, told))];
        foreach (AssignedFunction function in lost)
        {
            function.NoteFailure(hasFailed: true);
        }

        ErrorRemedy remedy = RemedyFor(lost, isWithinBudget);
        string why = isWithinBudget ? string.Empty : ", too many in a row: in quarantine";
        End(guest, pending, end, ErrorLine.Failed, $"not recovered{why}; {InWords(remedy)}");
        await _remedies.ApplyAsync(
            remedy, guest.DomainId, [.. lost.Select(static function => function.Hardware.Address)], cancellationToken).ConfigureAwait(false);
    }

    // One beside it whose driver could not be asked, and whose link was not reset, has lost nothing.
    private static bool IsLost(AssignedFunction function, PendingRecovery pending, IReadOnlySet<AssignedFunction> told) =>
        pending.Severity == ErrorSeverity.Fatal || told.Contains(function) || pending.Reporting.ContainsKey(function.Hardware.Address)
        || pending.Reporting.Values.All(static error => error.IsOfThePort);

    // The strongest that is said for any of them: a guest that is to be stopped for one device is stopped. What is in quarantine is nobody's in any case.
    private static ErrorRemedy RemedyFor(AssignedFunction[] lost, bool isWithinBudget)
    {
        ErrorRemedy[] order = [ErrorRemedy.Log, ErrorRemedy.Detach, ErrorRemedy.Pause, ErrorRemedy.Destroy];
        int strongest = lost.Length == 0 ? 0 : lost.Max(function => Array.IndexOf(order, function.Policy.OnError.Value));
        return order[isWithinBudget ? strongest : Math.Max(strongest, 1)];
    }

    private static string InWords(ErrorRemedy remedy) => remedy switch
    {
        ErrorRemedy.Log => "nothing is done",
        ErrorRemedy.Pause => "the guest is paused",
        ErrorRemedy.Destroy => "the guest is stopped",
        _ => "it is taken from the guest",
    };

    private void End(GuestId guest, PendingRecovery pending, RecoveryPhase end, ErrorLine line, string outcome)
    {
        foreach ((PciAddress device, DeviceError error) in pending.Reporting)
        {
            ErrorCounts counts = countsOf(device);
            if (counts.MayLog(line, out long suppressed))
            {
                ErrorLog.Ended(services.Logger, guest.DomainId, device, new ErrorText(error), outcome, suppressed);
            }

            // Who reads the count finds the line.
            counts.Add(end);
        }
    }
}
