using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>A script of configuration accesses, each answer compared with what the guest must see.</summary>
internal sealed class ScriptRounds(AccessStep[] script, ExpectedAnswers expected, uint devfn) : IGuestRounds
{
    private int _cursor;

    /// <inheritdoc/>
    public bool IsAtStart => _cursor == 0;

    /// <inheritdoc/>
    public FrontendRequest Next()
    {
        ref readonly AccessStep step = ref script[_cursor];
        return step.IsWrite
            ? FrontendRequest.Write(devfn, step.Offset, step.Size, step.Value)
            : FrontendRequest.Read(devfn, step.Offset, step.Size);
    }

    /// <inheritdoc/>
    public string? Judge(FrontendAnswer answer)
    {
        ref readonly AccessStep step = ref script[_cursor];
        if (step.IsWrite)
        {
            expected.Written(step.Offset, step.Size, step.Value);
            return null;
        }

        return expected.Matches(step.Offset, step.Size, answer.Value) ? null : Difference(answer);
    }

    /// <inheritdoc/>
    public void Advance() => _cursor = _cursor + 1 < script.Length ? _cursor + 1 : 0;

    /// <summary>What is said of an answer that the source doesn't have.</summary>
    internal static string Difference(FrontendAnswer answer) => $"answered 0x{answer.Value:x}, which the source does not have";
}
