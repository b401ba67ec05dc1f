using System.Runtime.CompilerServices;
using PciBackFlow.Exploration.Tests.Scheduling;

namespace PciBackFlow.Pipeline;

/// <summary>
/// What the instrumented <see cref="Volatile"/> and <see cref="Interlocked"/> do: ask the schedule, then act through the thread's store
/// buffer. Outside a schedule they act at once.
/// </summary>
/// <remarks>
/// All types of this folder lie in the namespace of the pipeline, because there C# finds them before those of the same name that a file
/// imports: the pipeline's sources compile against them without a change.
/// </remarks>
internal static class Memory
{
    internal static T Load<T>(ref T location, Site site)
    {
        if (ScheduledThread.Current is not { } me)
        {
            return location;
        }

        me.Execution.Point();
        if (!me.Stores.TryForward(ref location, out T value))
        {
            value = location;
        }

        Note(me, site, value);
        return value;
    }

    internal static void Store<T>(ref T location, T value, Site site)
    {
        if (ScheduledThread.Current is not { } me)
        {
            location = value;
            return;
        }

        me.Execution.Point();
        me.Stores.Add(new PendingStore<T>(PendingStore.AddressOf(ref location), value, site));
        me.Execution.ObserveStore(site, value);
        Note(me, site, value);

        // A point after it as well: what the thread does next without a synchronisation point may be too late for who sees this store.
        me.Execution.Point();
    }

    /// <summary>An atomic read-modify-write: the store buffer is drained first, as by every locked instruction.</summary>
    internal static T Update<T>(ref T location, Func<T, T> change, Site site)
    {
        if (ScheduledThread.Current is not { } me)
        {
            T old = location;
            location = change(old);
            return old;
        }

        me.Execution.Fence();
        T seen = location;
        T next = change(seen);
        location = next;
        Note(me, site, me.Execution.IsTraced ? $"{seen} → {next}" : null);
        me.Execution.Point();
        return seen;
    }

    internal static void Barrier(Site site)
    {
        if (ScheduledThread.Current is { } me)
        {
            me.Execution.Fence();
            Note<object?>(me, site, null);
        }
    }

    private static void Note<T>(ScheduledThread me, Site site, T value)
    {
        if (me.Execution.IsTraced)
        {
            me.Execution.Note(site, value is null ? "null" : value);
        }
    }
}
