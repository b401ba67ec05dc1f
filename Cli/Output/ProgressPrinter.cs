using System.Text;
using PciBackFlow.Perf.Load;
using PciBackFlow.Perf.Reports;

namespace PciBackFlow.Cli.Output;

/// <summary>
/// Prints how a load run is getting on: on a terminal one line that is rewritten, elsewhere a line each time. It formats into a
/// buffer of its own, because anything that allocated would make the collector run inside the window that reports its collections.
/// </summary>
internal sealed class ProgressPrinter(Stream stream, bool isTerminal, int guests)
{
    private static readonly byte[] Rewind = "\r\e[K"u8.ToArray();

    private readonly byte[] _buffer = new byte[ProgressLine.MaxBytes + 8];
    private bool _pending;

    /// <summary>Prints one report.</summary>
    public void Print(LoadProgress progress)
    {
        int start = 0;
        if (isTerminal)
        {
            Rewind.CopyTo(_buffer, 0);
            start = Rewind.Length;
        }

        int end = start + ProgressLine.Format(progress, guests, _buffer.AsSpan(start, ProgressLine.MaxBytes));
        if (!isTerminal)
        {
            _buffer[end++] = (byte)'\n';
        }

        _pending = isTerminal;
        stream.Write(_buffer, 0, end);
        stream.Flush();
    }

    /// <summary>Clears the live line, so that what follows begins on a clean one.</summary>
    public void Finish()
    {
        if (_pending)
        {
            stream.Write(Rewind);
        }

        _pending = false;
    }
}
