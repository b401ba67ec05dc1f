using System.Globalization;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// How soon a daemon that follows others begins. The first to follow begins at once, because guests wait; when they keep dying, each waits longer, so that
/// a defect met at every start does not take the host's processor. In the daemon, because a service manager's limit ends the service instead.
/// </summary>
internal static class StartPace
{
    /// <summary>Starts within <see cref="Window"/> that begin at once.</summary>
    internal const int Free = 5;

    private const string FileName = "starts";
    private const int Kept = 16;

    /// <summary>How long a start counts.</summary>
    internal static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>Notes a start.</summary>
    /// <param name="directory">The run directory.</param>
    /// <param name="now">Milliseconds since the host's boot.</param>
    /// <returns>How long it has to wait.</returns>
    public static TimeSpan Note(PrivateDirectory directory, long now)
    {
        List<long> starts = [];
        try
        {
            string file = directory.At(FileName);
            if (File.Exists(file))
            {
                foreach (string line in File.ReadLines(file).Take(Kept))
                {
                    if (long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out long start) && start <= now)
                    {
                        starts.Add(start);
                    }
                }
            }

            starts.Add(now);
            File.WriteAllLines(file, starts.TakeLast(Kept).Select(static start => start.ToString(CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without a note it begins at once.
        }

        return DelayOf(starts, now);
    }

    /// <summary>How long a start has to wait.</summary>
    /// <param name="starts">When the last ones were, this one among them.</param>
    /// <param name="now">Now, in the same milliseconds.</param>
    /// <returns>0 to 5 s.</returns>
    internal static TimeSpan DelayOf(IReadOnlyList<long> starts, long now)
    {
        int tooMany = starts.Count(start => now - start < (long)Window.TotalMilliseconds) - Free;
        return tooMany <= 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(Longest.Ticks, Shortest.Ticks << (Math.Min(tooMany, Kept) - 1)));
    }
}
