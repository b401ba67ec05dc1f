using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>A recorded driver's accesses again and again, every answer compared.</summary>
internal sealed class RecordedRounds(RecordedScript script, uint devfn) : IGuestRounds
{
    private int _cursor;
    private bool _isFirst = true;

    /// <inheritdoc/>
    public bool IsAtStart => _cursor == 0;

    /// <inheritdoc/>
    public int RightStatus => script.AnswerAt(_cursor, _isFirst).Status;

    /// <inheritdoc/>
    public FrontendRequest Next() => script.RequestAt(_cursor, devfn);

    /// <inheritdoc/>
    public string? Judge(FrontendAnswer answer) =>
        answer.Value == script.AnswerAt(_cursor, _isFirst).Value ? null : ScriptRounds.Difference(answer);

    /// <inheritdoc/>
    public void Advance()
    {
        _cursor = _cursor + 1 < script.Length ? _cursor + 1 : 0;
        _isFirst &= _cursor != 0;
    }
}
