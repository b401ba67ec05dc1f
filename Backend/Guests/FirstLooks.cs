using System.Diagnostics;

namespace PciBackFlow.Backend.Guests;

/// <summary>How long the daemon's other business waits for guests who wait themselves.</summary>
internal static class FirstLooks
{
    /// <summary>Waits for all of them, as long as one after the other ends.</summary>
    /// <param name="looks">What is done for each guest.</param>
    /// <param name="standstill">How long none may end.</param>
    /// <param name="limit">How long is waited in all.</param>
    /// <returns>Whether all have ended.</returns>
    public static bool Wait(IReadOnlyList<Task> looks, TimeSpan standstill, TimeSpan limit)
    {
        long begin = Stopwatch.GetTimestamp();
        Task[] left = [.. looks];
        while (left.Length > 0 && Stopwatch.GetElapsedTime(begin) < limit)
        {
            if (Task.WaitAny(left, standstill) < 0)
            {
                return false;
            }

            left = [.. left.Where(static look => !look.IsCompleted)];
        }

        return left.Length == 0;
    }
}
