using System.Runtime.CompilerServices;

namespace PciBackFlow.Filter.Run;

/// <summary>
/// Who may access a function: one thread at a time, until it is withdrawn, and then nobody any more. A thread that is inside at that moment is not interrupted,
/// because nobody can stop an access; it says when it leaves. Any thread. Not to be copied.
/// </summary>
internal struct FunctionTurn
{
    private const int Free = 0;
    private const int Taken = 1;
    private const int Withdrawn = 2;

    private int _state;
    private Action? _left;

    /// <summary>Whether nobody gets a turn any more.</summary>
    public bool IsWithdrawn => (Volatile.Read(ref _state) & Withdrawn) != 0;

    /// <summary>Takes the turn. Never waits.</summary>
    /// <returns>False when another thread has it, or when it is withdrawn.</returns>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Taken, Free) == Free;

    /// <summary>Ends what <see cref="TryBegin"/> began. A release: the next to take it sees everything done here.</summary>
    public void End()
    {
        if (Interlocked.CompareExchange(ref _state, Free, Taken) != Taken)
        {
            EndLate();
        }
    }

    /// <summary>No turn begins from now on.</summary>
    /// <param name="left">Called once by whoever has the turn now, at its end; must neither block nor throw.</param>
    /// <returns>False when somebody has the turn: <paramref name="left"/> will be called, or has been already.</returns>
    public bool Withdraw(Action left)
    {
        // Before the exchange: who ends its turn behind it sees who is to be told.
        _left = left;
        int state = Volatile.Read(ref _state);
        while (true)
        {
            int seen = Interlocked.CompareExchange(ref _state, state | Withdrawn, state);
            if (seen == state)
            {
                return (seen & Taken) == 0;
            }

            state = seen;
        }
    }

    // Once in a function's time with a guest.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EndLate()
    {
        Volatile.Write(ref _state, Withdrawn);
        _left?.Invoke();
    }
}
