using PciBackFlow.Filter.Run;

namespace PciBackFlow.Backend.Interrupts;

/// <summary>
/// The right to make a register sequence on a function that a guest's requests use too. A guest's access fails while somebody else has it,
/// so it is held for a few register accesses and never over a hypercall. Dispose ends it.
/// </summary>
internal readonly ref struct FunctionLock : IDisposable
{
    // Much longer than any access that does not hang.
    private const int WaitMilliseconds = 200;

    private readonly AssignedFunction? _function;

    private FunctionLock(AssignedFunction? function) => _function = function;

    /// <summary>False when a request has been inside the function for too long, or the guest no longer has it.</summary>
    public bool IsTaken => _function is not null;

    /// <summary>Takes it; waits for a request that is inside, but not for long, and not for one that is withdrawn, which nobody gets any more.</summary>
    /// <param name="function">The function.</param>
    /// <returns>The lock, taken or not.</returns>
    public static FunctionLock Take(AssignedFunction function)
    {
        if (function.TryBegin())
        {
            return new(function);
        }

        long start = Environment.TickCount64;
        while (!function.IsWithdrawn && Environment.TickCount64 - start < WaitMilliseconds)
        {
            Thread.Sleep(1);
            if (function.TryBegin())
            {
                return new(function);
            }
        }

        return default;
    }

    /// <summary>Gives it back, if it was taken.</summary>
    public void Dispose() => _function?.End();
}
