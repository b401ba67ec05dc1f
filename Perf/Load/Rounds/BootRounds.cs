using PciBackFlow.Perf.Frontends;

namespace PciBackFlow.Perf.Load.Rounds;

/// <summary>
/// A guest's boot as its function sees it, over and over: header and capabilities are read, base addresses sized, memory and bus mastering enabled, messages
/// enabled and seen to arrive; then the guest goes down again: messages and decoding off. Owned by one client thread.
/// </summary>
/// <param name="start">From the first read to the write that enables the function.</param>
/// <param name="messages">The interrupts, from the first enabling on.</param>
/// <param name="end">Going down.</param>
internal sealed class BootRounds(ScriptRounds start, InterruptRounds messages, ScriptRounds end) : IGuestRounds
{
    private Part _part;

    private enum Part
    {
        Start,
        Messages,
        End,
    }

    /// <inheritdoc/>
    public bool IsAtStart => _part == Part.Start && start.IsAtStart;

    /// <summary>Whether the last request of a boot was the one just passed: the guest has its interrupts.</summary>
    internal bool IsUp => _part == Part.Messages && messages.HasJustEnabled;

    private IGuestRounds Current => _part switch { Part.Start => start, Part.Messages => messages, _ => end };

    /// <inheritdoc/>
    public FrontendRequest Next() => Current.Next();

    /// <inheritdoc/>
    public string? Judge(FrontendAnswer answer) => Current.Judge(answer);

    /// <inheritdoc/>
    public void Advance()
    {
        IGuestRounds current = Current;
        current.Advance();
        if (current.IsAtStart)
        {
            _part = _part == Part.End ? Part.Start : _part + 1;
        }
    }
}
