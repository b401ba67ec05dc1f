namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>Readers of queues that park: workers and parts.</summary>
internal static partial class PlantedBugs
{
    private static PlantedBug[] Parking() =>
    [
        new(
            "A worker looks at its queue before it announces that it parks",
            "SleepingShard",
            "WorkerPool.cs",
            """
                        _parking.Announce();
                        if (_queue.Count > 0 || Volatile.Read(ref _stopping) != 0)
                        {
                            _parking.Withdraw();
                        }
            """,
            """
                        bool any = _queue.Count > 0 || Volatile.Read(ref _stopping) != 0;
                        _parking.Announce();
                        if (any)
                        {
                            _parking.Withdraw();
                        }
            """),
        new(
            "The watchdog wakes nobody for what waits behind a long item",
            "ParkedWorkers",
            "WorkerPool.cs",
            """
                    if (anyBusy && _queue.Count > 0)
                    {
                        WakeUnlessSoonTaken(now);
                    }

            """,
            ""),
        new(
            "Who posts leaves the item to a worker that is at a long one",
            "ParkedWorkers",
            "Worker.cs",
            """
                    return since == Looking || (since != Parked && now - since < shortWork);
            """,
            """
                    return since != Parked;
            """),
        new(
            "A worker says that it parks after it has looked at the queue",
            "ParkedWorkers",
            "WorkerPool.cs",
            """
                        me.Parks();
                        _parking.Announce();
                        if (_queue.Count > 0 || Volatile.Read(ref _stopping) != 0)
                        {
                            _parking.Withdraw();
                        }
                        else
                        {
            """,
            """
                        _parking.Announce();
                        if (_queue.Count > 0 || Volatile.Read(ref _stopping) != 0)
                        {
                            _parking.Withdraw();
                        }
                        else
                        {
                            me.Parks();
            """),
        new(
            "Whoever signals a parking spot looks for readers while its word to them is still in its store buffer",
            "ReportedParts",
            "ParkingSpot.cs",
            """
                    Interlocked.MemoryBarrier();
            """,
            ""),
        new(
            "A part parks without a look for reports",
            "ReportedParts",
            "QueuedPart.cs",
            """
            if (_queue.Count > 0 || me.IsAsked || Volatile.Read(ref _stopping) != 0)
            """,
            """
            if (_queue.Count > 0 || Volatile.Read(ref _stopping) != 0)
            """),
        new(
            "A worker burns its time slice while an item is being written",
            "BusyWorker",
            "WorkerPool.cs",
            """
                            wait.SpinOnce(sleep1Threshold: -1);
            """,
            ""),
        new(
            "A part burns its time slice while an item is being written",
            "QueuedParts",
            "QueuedPart.cs",
            """
                            wait.SpinOnce(sleep1Threshold: -1);
            """,
            ""),
    ];
}
