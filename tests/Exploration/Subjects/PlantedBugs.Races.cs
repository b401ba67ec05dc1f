namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>Who an item or a shard belongs to: completion, deadline and take-over.</summary>
internal static partial class PlantedBugs
{
    private static PlantedBug[] Races() =>
    [
        new(
            "A shard keeps an item in sight of the watchdog after handing it on",
            "SlowWorker",
            "Shard.Serving.cs",
            """
                    _carrier.Current = null;
                    item.NextStage = next;
            """,
            """
                    item.NextStage = next;
            """),
        new(
            "A deadline's answer is made after the race is decided",
            "DeadlineRace",
            "Shard.Serving.cs",
            """
                    TItem fresh = MakeAnswerFor(lane, late, FailureCause.Deadline);
                    if (!late.TryExpire())
                    {
                        // The completion won and is about to arrive.
                        Recycle(fresh);
                        lane.DueAt = long.MaxValue;
                        return true;
                    }
            """,
            """
                    if (!late.TryExpire())
                    {
                        lane.DueAt = long.MaxValue;
                        return true;
                    }

                    TItem fresh = MakeAnswerFor(lane, late, FailureCause.Deadline);
            """),
        new(
            "A stuck thread goes on with its item before its role has been handed over",
            "StuckPart",
            "QueuedPart.cs",
            """
                            me.AwaitReplaced();
                            item.ClearTaken();
            """,
            """
                            item.ClearTaken();
            """),
        new(
            "A shard's new thread does not know that the stuck one has an item",
            "StuckAccess",
            "Shard.cs",
            """
                        lane.Away = true;

            """,
            ""),
        new(
            "A thread that has lost its shard goes on with it",
            "HurriedStuckAccess",
            "Shard.Serving.cs",
            """
                    if (item.IsTaken)
                    {
                        return Lose(item, flow, next);
                    }

                    _carrier.Note(0, next);
            """,
            """
                    _carrier.Note(0, next);
            """),
        new(
            "Completion and deadline decide their race with plain writes",
            "DeadlineRace",
            "PipelineItem.cs",
            """
                        long seen = Interlocked.CompareExchange(ref _word, word | mine, word);
                        if (seen == word)
                        {
                            return true;
                        }

                        word = seen;
                    }

                    return false;
                }

                private void Update
            """,
            """
                        Volatile.Write(ref _word, word | mine);
                        return true;
                    }

                    return false;
                }

                private void Update
            """),
        new(
            "The watchdog takes an access without comparing",
            "ReturningAccess",
            "PipelineItem.cs",
            """
                    IsStealable(seen) && Interlocked.CompareExchange(ref _word, seen | Taken | Away, seen) == seen;
            """,
            """
                    IsStealable(seen) && Interlocked.Exchange(ref _word, seen | Taken | Away) >= 0;
            """),
        new(
            "A thread leaves its access without an exchange",
            "ReturningAccess",
            "PipelineItem.cs",
            """
                        long seen = Interlocked.CompareExchange(ref _word, word & ~InAccess, word);
                        if (seen == word)
            """,
            """
                        Volatile.Write(ref _word, word & ~InAccess);
                        long seen = word;
                        if (seen == word)
            """),
    ];
}
