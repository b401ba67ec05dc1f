namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>Places of lanes, and the queues that grow with them.</summary>
internal static partial class PlantedBugs
{
    private static PlantedBug[] Places() =>
    [
        new(
            "A queue grows without closing what it has outgrown",
            "GrownQueue",
            "GrowingQueue.cs",
            """
                        small.Queue.Close();
            """,
            ""),
        new(
            "A queue is closed before there is another in its place",
            "GrownQueue",
            "GrowingQueue.cs",
            """
                        Volatile.Write(ref small.Next, large);
                        Volatile.Write(ref _newest, large);
                        small.Queue.Close();
            """,
            """
                        small.Queue.Close();
                        Volatile.Write(ref small.Next, large);
                        Volatile.Write(ref _newest, large);
            """),
        new(
            "A queue is closed without an exchange",
            "GrownQueue",
            "BoundedQueue.cs",
            """
            Interlocked.Or(ref _cursors.Tail, Closed);
            """,
            """
            Volatile.Write(ref _cursors.Tail, Volatile.Read(ref _cursors.Tail) | Closed);
            """),
        new(
            "A writer that finds a queue closed does not look for the one that follows",
            "GrownQueue",
            "GrowingQueue.cs",
            """
                        if (!segment.Queue.IsClosed)
                        {
                            return false;
                        }
            """,
            """
                        return false;
            """),
        new(
            "A reader leaves a closed queue while an item is still being written into it",
            "GrownQueue",
            "GrowingQueue.cs",
            """
                        if (!segment.Queue.IsDrained)
            """,
            """
                        if (!segment.Queue.IsClosed)
            """),
        new(
            "Who counts a queue's items forgets those in what it has outgrown",
            "GrownQueue",
            "GrowingQueue.cs",
            """
            for (Segment? segment = Volatile.Read(ref _oldest);
            """,
            """
            for (Segment? segment = Volatile.Read(ref _newest);
            """),
        new(
            "An item is read from its place before the place is emptied",
            "SharedPlaces",
            "Place.cs",
            """
                    TItem item = Interlocked.Exchange(ref _item, null)!;
            """,
            """
                    TItem item = Volatile.Read(ref _item)!;
                    Interlocked.Exchange(ref _item, null);
            """),
        new(
            "A late item looks once whether it is late, and then takes a place from one that is not",
            "SharedPlaces",
            "Place.cs",
            """
                        TItem? seen = Interlocked.CompareExchange(ref _item, item, before);
                        if (ReferenceEquals(seen, before))
            """,
            """
                        TItem? seen = Interlocked.Exchange(ref _item, item);
                        before = seen;
                        if (ReferenceEquals(seen, before))
            """),
        new(
            "A place that waits in its queue already is written into it again",
            "SharedPlaces",
            "Place.cs",
            """
                            return before is null;
            """,
            """
                            return true;
            """),
        new(
            "Spare items are made before there is room for them",
            "LentSpares",
            "SpareItems.cs",
            """
                    _items.Reserve(count);
                    for (int i = 0; i < count; i++)
                    {
                        _items.TryWrite(create());
                    }
            """,
            """
                    for (int i = 0; i < count; i++)
                    {
                        _items.TryWrite(create());
                    }

                    _items.Reserve(count);
            """),
    ];
}
