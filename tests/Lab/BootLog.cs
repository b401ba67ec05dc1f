using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace PciBackFlow.Lab.Tests;

/// <summary>Collects the lines of both serial ports as they come, each stamped with its second. Thread-safe.</summary>
internal sealed class BootLog : IDisposable
{
    /// <summary>Stands before a report in the log.</summary>
    public const string ReportMark = "## ";

    // A guest that floods its console must not fill the machine's memory.
    private const int MaxLines = 200_000;
    private const int MaxLineLength = 4096;

    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly List<string> _reports = [];
    private readonly StreamWriter _file;
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _last = Stopwatch.GetTimestamp();

    public BootLog(string path)
    {
        Path = path;
        _file = new StreamWriter(path, append: false) { AutoFlush = true };
    }

    public string Path { get; }

    /// <summary>How long nothing has been printed.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_lock)
            {
                return Stopwatch.GetElapsedTime(_last);
            }
        }
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">A serial port.</param>
    /// <param name="reported">Of the second one, which carries the reports: gets each. Null: it is the console.</param>
    public void Collect(Stream stream, Action<string>? reported = null)
    {
        try
        {
            // Only a line feed ends a line: consoles behind consoles put one carriage return after the other before it.
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var line = new StringBuilder();
            for (int next = reader.Read(); next >= 0; next = reader.Read())
            {
                if (next == '\n' || line.Length == MaxLineLength)
                {
                    Take(line.ToString(), reported);
                    line.Clear();
                }

                if (next is not ('\n' or '\r'))
                {
                    line.Append((char)next);
                }
            }

            if (line.Length > 0)
            {
                Take(line.ToString(), reported);
            }
        }
        catch (IOException)
        {
            // QEMU was killed.
        }
    }

    private void Take(string line, Action<string>? reported)
    {
        Add(line, isReport: reported is not null);
        reported?.Invoke(line);
    }

    public void Add(string line, bool isReport = false)
    {
        lock (_lock)
        {
            _last = Stopwatch.GetTimestamp();
            if (_lines.Count >= MaxLines)
            {
                return;
            }

            string stamped = string.Create(
                CultureInfo.InvariantCulture,
                $"[{Stopwatch.GetElapsedTime(_start).TotalSeconds,7:F2}] {(isReport ? ReportMark : string.Empty)}{line}");
            _lines.Add(stamped);
            _file.WriteLine(stamped);
            if (isReport)
            {
                _reports.Add(line);
            }
        }
    }

    public bool HasReport(string report)
    {
        lock (_lock)
        {
            return _reports.Contains(report);
        }
    }

    public BootRecord Record(bool isProven, string? trouble)
    {
        lock (_lock)
        {
            return new BootRecord(Path, [.. _lines], [.. _reports], isProven, trouble);
        }
    }

    public void Dispose() => _file.Dispose();
}
