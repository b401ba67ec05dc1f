using System.Globalization;
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
        var line = new Line(utf8);
        line.Add(Name(progress.Phase), 8);
        line.Add(progress.Seconds, "F1", 7);
        line.Add(" s"u8, 2);
        if (progress.Phase < LoadPhase.WarmUp)
        {
            line.Add(progress.GuestsReady, 8);
            line.Add(" of "u8, 4);
            line.Add(guests, 1);
            line.Add(" guests"u8, 7);
        }
        else
        {
            line.Add(progress.OperationsPerSecond, "F0", 12);
            line.Add(" op/s  max"u8, 10);
            line.Add(progress.MaxNanoseconds / 1000.0, "F0", 9);
            line.Add(" us"u8, 3);
            line.Add(progress.Operations, 14);
            line.Add(" ops"u8, 4);
        }

        line.Add(progress.Errors, 6);
        line.Add(" errors"u8, 7);
        return line.Length;
    }

    private static ReadOnlySpan<byte> Name(LoadPhase phase) => phase switch
    {
        LoadPhase.Connect => "connect"u8,
        LoadPhase.Probe => "probe"u8,
        LoadPhase.WarmUp => "warm-up"u8,
        LoadPhase.Measure => "measure"u8,
        _ => "drain"u8,
    };

    // Interpolation boxes its numbers until the code is optimised, so the parts are written one by one.
    private ref struct Line(Span<byte> room)
    {
        private readonly Span<byte> _room = room;

        internal int Length { get; private set; }

        /// <summary>Text, filled up on its right.</summary>
        internal void Add(scoped ReadOnlySpan<byte> text, int width)
        {
            if (text.TryCopyTo(_room[Length..]))
            {
                Length += text.Length;
                Pad(width - text.Length);
            }
        }

        /// <summary>A number, filled up on its left.</summary>
        internal void Add(double value, ReadOnlySpan<char> format, int width)
        {
            Span<byte> digits = stackalloc byte[64];
            if (value.TryFormat(digits, out int length, format, CultureInfo.InvariantCulture))
            {
                Pad(width - length);
                Add(digits[..length], 0);
            }
        }

        internal void Add(long value, int width)
        {
            Span<byte> digits = stackalloc byte[32];
            if (value.TryFormat(digits, out int length, provider: CultureInfo.InvariantCulture))
            {
                Pad(width - length);
                Add(digits[..length], 0);
            }
        }

        private void Pad(int spaces)
        {
            for (; spaces > 0 && Length < _room.Length; spaces--)
            {
                _room[Length++] = (byte)' ';
            }
        }
    }
}
