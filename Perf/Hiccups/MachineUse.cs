using System.Globalization;
using System.Text.Json.Serialization;

namespace PciBackFlow.Perf.Hiccups;

/// <summary>Who had this machine's processors in a window, in processors: 1.5 is one and a half of them all the time.</summary>
/// <param name="Own">This program.</param>
/// <param name="Others">Other programs and the kernel: a run beside them shows their times too.</param>
/// <param name="Stolen">The hypervisor below, where it says so.</param>
public sealed record MachineUse(
    [property: JsonPropertyName("own")] double Own,
    [property: JsonPropertyName("others")] double Others,
    [property: JsonPropertyName("stolen")] double Stolen)
{
    /// <summary>The counters now; the difference of two makes a window.</summary>
    /// <param name="At">When, in seconds since any moment.</param>
    /// <param name="Busy">Seconds of all processors that somebody used.</param>
    /// <param name="Stolen">Seconds of all processors that were stolen.</param>
    /// <param name="Own">Seconds that this program used.</param>
    public readonly record struct Counters(double At, double Busy, double Stolen, double Own);

    /// <summary>Reads the counters: <c>/proc/stat</c>, in hundredths of a second (proc(5), USER_HZ), and this program's own.</summary>
    /// <returns>All zero but the time where there is no such file.</returns>
    public static Counters Read()
    {
        double at = Environment.TickCount64 / 1000.0;
        double own = Environment.CpuUsage.TotalTime.TotalSeconds;
        try
        {
            // cpu user nice system idle iowait irq softirq steal guest guest_nice; the last two are in user and nice already.
            double[] ticks = [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
                .Select(static word => double.Parse(word, CultureInfo.InvariantCulture) / 100)];
            return ticks.Length < 8 ? new(at, 0, 0, own) : new(at, ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6], ticks[7], own);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or InvalidOperationException)
        {
            return new(at, 0, 0, own);
        }
    }

    /// <summary>The use between two readings.</summary>
    /// <param name="from">The first.</param>
    /// <param name="to">The second.</param>
    /// <returns>The use.</returns>
    public static MachineUse Between(Counters from, Counters to)
    {
        double seconds = Math.Max(0.001, to.At - from.At);
        double own = (to.Own - from.Own) / seconds;
        return new(Round(own), Round(Math.Max(0, ((to.Busy - from.Busy) / seconds) - own)), Round((to.Stolen - from.Stolen) / seconds));
    }

    private static double Round(double processors) => Math.Round(processors, 2);
}
