namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>Deviations found in one sweep: all are counted, the first are shown, so that one failure doesn't hide the others.</summary>
internal sealed class Findings
{
    private const int Shown = 40;

    private readonly List<string> _lines = [];
    private int _checks;

    public int Count { get; private set; }

    public void Add(string line)
    {
        Count++;
        if (_lines.Count < Shown)
        {
            _lines.Add(line);
        }
    }

    public void Checked() => _checks++;

    /// <summary>Counts a check; false keeps the line, which is only built then.</summary>
    public void Check(bool holds, Func<string> line)
    {
        _checks++;
        if (!holds)
        {
            Add(line());
        }
    }

    public void AssertNone()
    {
        Assert.True(Count == 0, $"{Count} deviations:\n{string.Join('\n', _lines)}");
        Assert.True(_checks > 0, "nothing was checked");
    }
}
