namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>The queue and the mailbox themselves.</summary>
internal static partial class PlantedBugs
{
    private static PlantedBug[] Queues() =>
    [
        new(
            "A slot's turn is published before its item",
            "ContendedQueue",
            "BoundedQueue.cs",
            """
                                slot.Item = item;

                                // Releases the item; pairs with the acquiring read of the turn in TryRead.
                                Volatile.Write(ref slot.Turn, (2 * lap) + 1);
            """,
            """
                                Volatile.Write(ref slot.Turn, (2 * lap) + 1);
                                slot.Item = item;
            """),
        new(
            "A slot is freed before its item is taken",
            "ContendedQueue",
            "BoundedQueue.cs",
            """
                                item = slot.Item!;
                                slot.Item = null;

                                // Frees the slot for the next lap; pairs with the acquiring read of the turn in TryWrite.
                                Volatile.Write(ref slot.Turn, 2 * (lap + 1));
            """,
            """
                                Volatile.Write(ref slot.Turn, 2 * (lap + 1));
                                item = slot.Item!;
                                slot.Item = null;
            """),
        new(
            "A queue says it is full while a reader frees its slot",
            "CirculatingQueue",
            "BoundedQueue.cs",
            """
            else if (turn < 2 * lap && position - Volatile.Read(ref _cursors.Head) >= _slots.Length)
            """,
            """
            else if (turn < 2 * lap)
            """),
        new(
            "Two readers take a queue's oldest item",
            "ContendedQueue",
            "BoundedQueue.cs",
            """
                            long seen = Interlocked.CompareExchange(ref _cursors.Head, position + 1, position);
            """,
            """
                            long seen = Volatile.Read(ref _cursors.Head);
                            Volatile.Write(ref _cursors.Head, position + 1);
            """),
        new(
            "A mailbox is filled without an exchange",
            "SharedMailbox",
            "Mailbox.cs",
            """
                        PipelineItem? seen = Interlocked.CompareExchange(ref _head, item, head);
            """,
            """
                        PipelineItem? seen = Volatile.Read(ref _head);
                        if (ReferenceEquals(seen, head))
                        {
                            Volatile.Write(ref _head, item);
                        }

            """),
        new(
            "A mailbox is emptied without an exchange",
            "SharedMailbox",
            "Mailbox.cs",
            """
                    PipelineItem? newest = Interlocked.Exchange(ref _head, null);
            """,
            """
                    PipelineItem? newest = Volatile.Read(ref _head);
                    Volatile.Write(ref _head, null);
            """),
    ];
}
