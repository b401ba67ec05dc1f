using System.Diagnostics;

namespace PciBackFlow.Pipeline.Running;

/// <summary>
/// This part: what is due when: delayed unmasking, and deadlines of items that are away. Its fields, the timers, lie with the lanes, with whose number
/// they grow.
/// </summary>
internal sealed partial class Shard<TItem, TChain>
{
    private void AddTimer(Lane<TItem> lane, long due)
    {
        lane.DueAt = due;
        _nextTimer = Math.Min(_nextTimer, due);
        if (lane.TimerIndex < 0)
        {
            lane.TimerIndex = _timerCount;
            _timers[_timerCount++] = lane;
        }
    }

    private void RemoveTimer(Lane<TItem> lane)
    {
        int at = lane.TimerIndex;
        if (at < 0)
        {
            return;
        }

        Lane<TItem> last = _timers[--_timerCount];
        _timers[at] = last;
        last.TimerIndex = at;
        _timers[_timerCount] = null!;
        lane.TimerIndex = -1;
        if (_timerCount == 0)
        {
            _nextTimer = long.MaxValue;
        }
    }

    private int NextTimeout()
    {
        if (_timerCount == 0)
        {
            return -1;
        }

        FindNextTimer();
        return _nextTimer == long.MaxValue ? -1 : PipelineTimes.MillisecondsUntil(_nextTimer, Stopwatch.GetTimestamp());
    }

    private void FindNextTimer()
    {
        _nextTimer = long.MaxValue;
        for (int i = 0; i < _timerCount; i++)
        {
            _nextTimer = Math.Min(_nextTimer, _timers[i].DueAt);
        }
    }

    private bool CheckTimers()
    {
        if (_timerCount == 0 || Stopwatch.GetTimestamp() is var now && now < _nextTimer)
        {
            return true;
        }

        // First the delayed lanes: all are unmasked before any stage runs, so a take-over in the middle forgets none. Late items stay
        // in the list until their turn.
        int leaving = 0;
        for (int i = _timerCount - 1; i >= 0; i--)
        {
            Lane<TItem> lane = _timers[i];
            if (lane.DueAt <= now && !lane.Away)
            {
                RemoveTimer(lane);
                _looking[leaving++] = lane;
            }
        }

        if (leaving > 0 && !UnmaskAndLook(leaving))
        {
            return false;
        }

        for (int i = _timerCount - 1; i >= 0; i--)
        {
            Lane<TItem> lane = _timers[i];
            if (lane.DueAt <= now && lane.Away && !Expire(lane, now))
            {
                return false;
            }
        }

        FindNextTimer();
        return true;
    }
}
