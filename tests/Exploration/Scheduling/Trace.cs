using System.Text;

namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>What happened in one execution, step by step.</summary>
internal sealed class Trace
{
    private const int LinesPrinted = 250;

    private readonly List<string> _lines = [];

    internal void Add(string agent, Site site, object? value) =>
        _lines.Add(value is null ? $"{agent,-28} {site}" : $"{agent,-28} {site}: {value}");

    /// <summary>The end of it, which holds the failure, line by line.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        int first = Math.Max(0, _lines.Count - LinesPrinted);
        if (first > 0)
        {
            text.AppendLine($"… {first} steps before");
        }

        for (int i = first; i < _lines.Count; i++)
        {
            text.AppendLine(_lines[i]);
        }

        return text.ToString();
    }
}
