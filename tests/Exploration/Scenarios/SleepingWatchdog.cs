using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>A watchdog is about to sleep when a thread wakes up and hangs: it notices.</summary>
public sealed class SleepingWatchdog : Scenario
{
    private const int Limit = 8;

    // The watchdog looks every quarter of its limit, and sleeps after this many quiet looks.
    private const int QuietLooks = 20;

    public override void Run()
    {
        var role = new WatchedRole();
        var item = new ToyItem { Page = new ToyPage() };
        var watchdog = new Watchdog([role], new NoWorkers(), Limit);
        int asleep = 0;
        watchdog.Start();

        // Just when the watchdog goes to sleep, or when it sleeps: step by step, because each look at the clock takes the schedule's time.
        for (int looks = QuietLooks - 1 + Choose(2); looks > 0; looks--)
        {
            Stopwatch.GetTimestamp();
            Thread.Sleep(Limit / 4);
        }

        role.Holder.Begin();
        role.Count();
        Interlocked.Exchange(ref asleep, 0);
        watchdog.Notice();
        role.Holder.Current = item;
        role.IsInside = true;
        item.EnterAccess();
        WaitUntil("the watchdog to take the role", () => role.TakeOvers == 1);
        Check(!item.LeaveAccess(), "the thread kept a role that was taken");
        role.Holder.AwaitReplaced();
        watchdog.Stop();
        watchdog.Dispose();
    }
}
