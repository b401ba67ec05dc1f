using PciBackFlow.Exploration.Tests.Scheduling;
using PciBackFlow.Pipeline.Running;
using PciBackFlow.Pipeline.Tests.Toy;

namespace PciBackFlow.Pipeline.Scenarios;

/// <summary>Accesses come back about when the watchdog takes them: thread and watchdog agree on who won, each time.</summary>
public sealed class ReturningAccess : Scenario
{
    private const int Limit = 8;

    public override bool IsHurried => true;

    public override void Run()
    {
        var role = new WatchedRole();
        var item = new ToyItem { Page = new ToyPage() };
        var watchdog = new Watchdog([role], new NoWorkers(), Limit);
        watchdog.Start();
        role.Holder.Begin();
        role.Holder.Current = item;
        bool kept = true;
        for (int i = 0; i < 3 && kept; i++)
        {
            role.IsInside = true;
            item.EnterAccess();
            Thread.Sleep(Choose(Limit + 4));
            kept = item.LeaveAccess();
            role.IsInside = !kept;
            role.Count();
            watchdog.Notice();
        }

        if (!kept)
        {
            role.Holder.AwaitReplaced();
        }

        watchdog.Stop();
        watchdog.Dispose();
        Check(role.TakeOvers == (kept ? 0 : 1), $"the thread {(kept ? "kept" : "lost")} its role, which was taken {role.TakeOvers} times");
        Check(item.Page!.StuckMarks == role.TakeOvers, "the stuck target was not marked once");
    }
}
