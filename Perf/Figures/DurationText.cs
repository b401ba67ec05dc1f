using System.Globalization;

namespace PciBackFlow.Perf.Figures;

/// <summary>Durations for people: three significant digits and a unit that fits.</summary>
public static class DurationText
{
    /// <summary>Prints a duration.</summary>
    /// <param name="nanoseconds">Nanoseconds, not negative.</param>
    /// <returns>For example <c>870 ns</c>, <c>12.3 µs</c>, <c>1.02 ms</c>, <c>2.00 s</c>.</returns>
    public static string Format(double nanoseconds) => nanoseconds switch
    {
        < 1_000 => $"{nanoseconds.ToString("0", CultureInfo.InvariantCulture)} ns",
        < 1_000_000 => $"{Digits(nanoseconds / 1_000)} µs",
        < 1_000_000_000 => $"{Digits(nanoseconds / 1_000_000)} ms",
        _ => $"{Digits(nanoseconds / 1_000_000_000)} s",
    };

    /// <summary>Prints a round duration: what stands at an axis.</summary>
    /// <param name="nanoseconds">Nanoseconds, 0 or a power of ten.</param>
    /// <returns>For example <c>100 ns</c>, <c>1 µs</c>.</returns>
    public static string Round(double nanoseconds) => nanoseconds switch
    {
        < 1_000 => $"{nanoseconds.ToString("0", CultureInfo.InvariantCulture)} ns",
        < 1_000_000 => $"{(nanoseconds / 1_000).ToString("0", CultureInfo.InvariantCulture)} µs",
        < 1_000_000_000 => $"{(nanoseconds / 1_000_000).ToString("0", CultureInfo.InvariantCulture)} ms",
        _ => $"{(nanoseconds / 1_000_000_000).ToString("0", CultureInfo.InvariantCulture)} s",
    };

    private static string Digits(double value) =>
        value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
