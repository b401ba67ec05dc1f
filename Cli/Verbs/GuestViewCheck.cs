using System.Diagnostics;
using System.Globalization;
using PciBackFlow.Backend.Policy;
using PciBackFlow.Cli.Output;
using PciBackFlow.Cli.Sources;
using PciBackFlow.Filter.Insight;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Captures;

namespace PciBackFlow.Cli.Verbs;

/// <summary>
/// <c>guest-view --check</c>: any number of captures, read and viewed one after the other without printing the views; what does not hold is a line that can be
/// sent to whoever can mend it, and counts end it.
/// </summary>
internal sealed class GuestViewCheck(PolicyResolver policies)
{
    private readonly List<(string Place, string Problem)> _problems = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private int _files;
    private int _unreadable;
    private int _shown;
    private int _notShown;
    private int _short;
    private int _failed;

    /// <summary>Checks files; of a folder every file in it.</summary>
    /// <returns>The exit code: 1 when a file could not be read or a view did not hold.</returns>
    public int Run(CliConsole console, IReadOnlyList<string> paths, bool asJson)
    {
        CancellationToken interruption = console.CatchInterruption();
        foreach (string path in paths.SelectMany(FilesOf).TakeWhile(_ => !interruption.IsCancellationRequested))
        {
            int told = _problems.Count;
            CheckFile(path);
            foreach ((string place, string problem) in asJson ? [] : _problems.Skip(told))
            {
                console.Output.WriteLine($"{place}: {problem}");
            }
        }

        if (asJson)
        {
            console.Output.WriteLine(ToJson());
        }
        else
        {
            console.Output.WriteLine(Counts());
        }

        return _unreadable + _failed == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static IEnumerable<string> FilesOf(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : [path];

    private void CheckFile(string path)
    {
        _files++;
        IReadOnlyList<SourceFunction> functions;
        try
        {
            functions = CaptureSource.FromFile(path, only: null).Functions;
        }
        catch (VerbException refused)
        {
            _unreadable++;
            string problem = refused.Message.ReplaceLineEndings(" ");
            _problems.Add((path, problem.StartsWith($"{path}:", StringComparison.Ordinal) ? problem[(path.Length + 1)..].TrimStart() : problem));
            return;
        }

        foreach (SourceFunction function in functions)
        {
            _short += function.Shortness is null ? 0 : 1;
            if (!FunctionSet.IsViewable(function))
            {
                _notShown++;
            }
            else if (ProblemOf(function) is { } problem)
            {
                _failed++;
                _problems.Add(($"{path} {function.Address}", problem));
            }
            else
            {
                _shown++;
            }
        }
    }

    // Whatever a file holds, a view has to come of it: an exception is a defect, and belongs to its file like every other.
    private string? ProblemOf(SourceFunction source)
    {
        try
        {
            using IPciFunction function = source.Open();
            var view = GuestView.Of(function, policies.Resolve(source.Address));
            if (view.FailedOffsets.Count > 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{view.FailedOffsets.Count} reads fail, the first at 0x{view.FailedOffsets[0]:x}");
            }

            using var text = new StringWriter(CultureInfo.InvariantCulture);
            LspciDumpWriter.Write(text, source.Address, source.Description, view.Bytes.Span);
            IReadOnlyList<CapturedConfig> again = LspciDump.Parse("view", text.ToString());
            return again.Count == 1 && again[0].Address == source.Address && again[0].Bytes.Span.SequenceEqual(view.Bytes.Span)
                ? null
                : "the view is not read back as it was written";
        }
        catch (Exception defect) when (defect is not OutOfMemoryException)
        {
            return $"{defect.GetType().Name}: {defect.Message.ReplaceLineEndings(" ")}";
        }
    }

    private string Counts() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_files} files, {_unreadable} of them cannot be read; {_shown + _notShown + _failed} functions: {_shown} views hold, {_failed} do not, "
        + $"{_notShown} have none (CardBus, reserved header types, no answer); {_short} captures are short; {_watch.Elapsed.TotalSeconds:F1} s, "
        + $"{Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB");

    private string ToJson() => JsonText.Indented(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("files", _files);
        json.WriteNumber("unreadable", _unreadable);
        json.WriteNumber("functions", _shown + _notShown + _failed);
        json.WriteNumber("shown", _shown);
        json.WriteNumber("failed", _failed);
        json.WriteNumber("not_shown", _notShown);
        json.WriteNumber("short", _short);
        json.WriteNumber("seconds", Math.Round(_watch.Elapsed.TotalSeconds, 3));
        json.WriteNumber("peak_bytes", Process.GetCurrentProcess().PeakWorkingSet64);
        json.WriteStartArray("problems");
        foreach ((string place, string problem) in _problems)
        {
            json.WriteStartObject();
            json.WriteString("place", place);
            json.WriteString("problem", problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });
}
