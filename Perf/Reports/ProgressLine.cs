using System.Globalization;
using System.Text.Unicode;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Reports;

/// <summary>
/// A run's live line, written into a buffer of the caller: what prints progress must not make the collector run in the very window
/// that reports its collections.
/// </summary>
public static class ProgressLine
{
    /// <summary>Bytes that are always enough.</summary>
    public const int MaxBytes = 256;

    /// <summary>Formats the line without its end.</summary>
    /// <param name="progress">Where the run is.</param>
    /// <param name="guests">Guests in all.</param>
    /// <param name="utf8">Receives the text, at least <see cref="MaxBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int Format(in LoadProgress progress, int guests, Span<byte> utf8)
    {
        int written;
        bool fits = progress.Phase < LoadPhase.WarmUp
            ? Utf8.TryWrite(
                utf8, CultureInfo.InvariantCulture, $"{Name(progress.Phase),-8}{progress.Seconds,6:F1} s  {progress.GuestsReady} of {guests} guests  {progress.Errors} errors", out written)
            : Utf8.TryWrite(
                utf8,
                CultureInfo.InvariantCulture,
                $"{Name(progress.Phase),-8}{progress.Seconds,6:F1} s  {progress.OperationsPerSecond,10:F0} op/s  max {progress.MaxNanoseconds / 1000.0,8:0.0} us  {progress.Operations,12} ops  {progress.Errors} errors",
                out written);
        return fits ? written : 0;
    }

    private static string Name(LoadPhase phase) => phase switch
    {
        LoadPhase.Connect => "connect",
        LoadPhase.Probe => "probe",
        LoadPhase.WarmUp => "warm-up",
        LoadPhase.Measure => "measure",
        _ => "drain",
    };
}
