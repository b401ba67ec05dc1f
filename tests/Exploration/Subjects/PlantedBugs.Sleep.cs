namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>Who sleeps, and who wakes whom: shards and the watchdog.</summary>
internal static partial class PlantedBugs
{
    private static PlantedBug[] Sleep() =>
    [
        new(
            "A shard looks for work while its announcement is still in its store buffer",
            "SleepingShard",
            "Shard.cs",
            """
                    Interlocked.MemoryBarrier();
                    if (!_mailbox.IsEmpty
            """,
            """
                    if (!_mailbox.IsEmpty
            """),
        new(
            "A shard announces its sleep after its last look",
            "InvokedShard",
            "Shard.cs",
            """
                    int count = _source.Take(_delivered, timeout);
            """,
            """
                    Volatile.Write(ref _asleep, 0);
                    Interlocked.Exchange(ref _asleep, 1);
                    int count = _source.Take(_delivered, timeout);
            """),
        new(
            "A shard forgets to look for reports before it sleeps",
            "ReportedShard",
            "Shard.cs",
            """
             || _carrier.IsAsked)
            """,
            """
            )
            """),
        new(
            "Two callers wake one sleep",
            "InvokedShard",
            "Shard.cs",
            """
            if (Volatile.Read(ref _asleep) != 0 && Interlocked.Exchange(ref _asleep, 0) != 0)
            """,
            """
            if (Volatile.Read(ref _asleep) != 0)
            """),
        new(
            "A shard clears the flag of its control work after reading the queue",
            "InvokedShard",
            "Shard.cs",
            """
                    Interlocked.Exchange(ref _requested, 0);
                    while (_requests.TryDequeue(out ControlRequest? request))
                    {
                        request.Run();
                    }
            """,
            """
                    while (_requests.TryDequeue(out ControlRequest? request))
                    {
                        request.Run();
                    }

                    Interlocked.Exchange(ref _requested, 0);
            """),
        new(
            "A caller does not look whether the shard has ended meanwhile",
            "EndingEngine",
            "Shard.cs",
            """
                    WakeIfAsleep();
                    if (Volatile.Read(ref _stopping) != 0)
            """,
            """
                    WakeIfAsleep();
                    if (false)
            """),
        new(
            "A shard looks at its lanes while the unmasking is still in its store buffer",
            "ForgottenSignals",
            "Shard.Lanes.cs",
            """
                    Interlocked.MemoryBarrier();
                    for (int i = 0; i < count; i++)
            """,
            """
                    for (int i = 0; i < count; i++)
            """),
        new(
            "A shard that looks at hot lanes does not ask for the others",
            "SpinningShard",
            "Shard.Lanes.cs",
            """
            if (now - _lastAsked >= _sourcePause && _lanes.Count > _hotCount + _timerCount)
            """,
            """
            if (now - _lastAsked >= _sourcePause && _hotCount + _timerCount == 0)
            """),
        new(
            "A shard that finds nothing to do at hot lanes burns its time slice",
            "SpinningShard",
            "Shard.Lanes.cs",
            """
                        Thread.SpinWait(1);
            """,
            """
                        ;
            """),
        new(
            "The watchdog looks a last time while its announcement is still in its store buffer",
            "SleepingWatchdog",
            "Watchdog.cs",
            """
                        Interlocked.MemoryBarrier();
                        if (!Look()
            """,
            """
                        if (!Look()
            """),
        new(
            "The watchdog sleeps without a last look",
            "SleepingWatchdog",
            "Watchdog.cs",
            """
            if (!Look() && Volatile.Read(ref _stopping) == 0)
            """,
            """
            if (Volatile.Read(ref _stopping) == 0)
            """),
    ];
}
