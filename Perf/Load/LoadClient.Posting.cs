using System.Diagnostics;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load.Rounds;

namespace PciBackFlow.Perf.Load;

/// <summary>This part: what is sent, and when.</summary>
internal sealed partial class LoadClient
{
    // Closer than this to the next planned request the thread yields instead of sleeping, because sleeps end late.
    private const int LeastSleepMilliseconds = 2;

    // A storm guest's signals each time the client goes round: many for each request, and yet some of the client's time for all others.
    private const int SignalsOfAStorm = 8;

    // Who is under way already is not chosen again; after so many tries whoever comes next in turn is.
    private const int MostChoices = 16;

    // Zipf: so many guests to one request under way. More and the busiest were always waiting, which levels what the law says.
    private const int GuestsToARequest = 10;

    private int WaitMilliseconds(LoadPhase phase)
    {
        if (!IsPlanned(phase))
        {
            return -1;
        }

        if (_allOverdue)
        {
            // Everybody is due and nobody is free: the next answer sets things going.
            return -1;
        }

        long due = _guests[_planCursor].NextPlanned - Stopwatch.GetTimestamp();
        int milliseconds = (int)Math.Clamp(due * 1000 / Stopwatch.Frequency, 0, SweepMilliseconds);
        if (milliseconds >= LeastSleepMilliseconds)
        {
            return milliseconds - 1;
        }

        if (due > 0)
        {
            Thread.Yield();
        }

        return 0;
    }

    private void GoOnBooting(LoadGuest guest, LoadPhase phase, long now, FrontendOutcome outcome, BootStorms storms)
    {
        if (guest.IsUp && phase >= LoadPhase.Measure)
        {
            Boots.Add((long)((now - guest.BootBegan) * s_nanosecondsPerTick), guest.HasMissedADeadline);
        }

        if (guest.IsBetweenBoots && outcome == FrontendOutcome.Answered)
        {
            storms.Finish();
        }
        else if (phase < LoadPhase.Done)
        {
            long sent = Stopwatch.GetTimestamp();
            Post(guest, sent, sent);
        }
    }

    private void BeginStorm(LoadPhase phase)
    {
        _storm = _storms!.Begun;
        if (phase < LoadPhase.Drain)
        {
            foreach (LoadGuest guest in _guests)
            {
                long sent = Stopwatch.GetTimestamp();
                Post(guest, sent, sent);
            }
        }
    }

    private void PostDue(long now)
    {
        _allOverdue = false;

        // All guests have the same interval, so the order in which they come due never changes: one cursor goes round.
        for (int i = 0; i < _guests.Length; i++)
        {
            LoadGuest guest = _guests[_planCursor];
            if (guest.NextPlanned > now)
            {
                return;
            }

            // One that still waits is passed over: its answer sends the request that is due.
            if (!guest.Frontend.IsWaiting)
            {
                PostPlanned(guest);
            }

            _planCursor = _planCursor + 1 < _guests.Length ? _planCursor + 1 : 0;
        }

        _allOverdue = true;
    }

    private void Storm(LoadPhase phase)
    {
        if (phase is not (LoadPhase.WarmUp or LoadPhase.Measure))
        {
            return;
        }

        foreach (int member in _storming)
        {
            for (int i = 0; i < SignalsOfAStorm; i++)
            {
                _channels[member].Notify(_guests[member].Frontend.Port);
            }

            Volatile.Write(ref _signals, _signals + SignalsOfAStorm);
        }
    }

    private bool IsChosen(LoadPhase phase) => _zipf is not null && phase is (LoadPhase.WarmUp or LoadPhase.Measure);

    private void PostChosen()
    {
        int most = Math.Max(1, _guests.Length / GuestsToARequest);
        while (_waiting < most)
        {
            int rank = _zipf!.Next();
            for (int tries = 1; _guests[_byRank[rank]].Frontend.IsWaiting; tries++)
            {
                rank = tries < MostChoices ? _zipf.Next() : (rank + 1) % _byRank.Length;
            }

            long sent = Stopwatch.GetTimestamp();
            Post(_guests[_byRank[rank]], sent, sent);
        }
    }

    private bool IsPlanned(LoadPhase phase) => _interval != 0 && phase is (LoadPhase.WarmUp or LoadPhase.Measure);

    private void PostPlanned(LoadGuest guest)
    {
        long planned = guest.NextPlanned;
        guest.NextPlanned = planned + _interval;
        Post(guest, Stopwatch.GetTimestamp(), planned);
    }

    private void Post(LoadGuest guest, long now, long planned)
    {
        guest.PlannedAt = planned;
        _waiting++;
        guest.Post(now);
    }
}
