using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>A row of steps that either all happen or leave nothing behind. Used by one thread.</summary>
/// <param name="subject">What it is about, for messages: an address.</param>
/// <param name="purpose">What is being done: <c>take</c>.</param>
internal sealed class UndoableSteps(string subject, string purpose)
{
    private readonly Stack<(string Name, Action Undo)> _undo = [];

    /// <summary>Does a step; when it fails, undoes those before it, the last first.</summary>
    /// <param name="name">What it does, for messages: <c>unbind e1000e</c>.</param>
    /// <param name="action">Does it.</param>
    /// <param name="undo">Undoes it; called also when the step itself failed halfway if <paramref name="isPartial"/>.</param>
    /// <param name="isPartial">Whether a failure of this step may leave something to undo.</param>
    /// <exception cref="BackendException">The step failed; the message names it, and what could not be undone.</exception>
    public void Do(string name, Action action, Action? undo = null, bool isPartial = false)
    {
        if (undo is not null && isPartial)
        {
            _undo.Push((name, undo));
        }

        try
        {
            action();
        }
        catch (Exception e) when (IsExpected(e))
        {
            IReadOnlyList<string> left = UndoAll();
            string rest = left.Count == 0 ? "everything before it was undone" : $"not undone: {string.Join("; ", left)}";
            BackendFailure failure = (e as BackendException)?.Failure ?? BackendFailure.Failed;
            throw new BackendException(failure, $"{subject}: {purpose} failed at '{name}': {e.Message}; {rest}", e);
        }

        if (undo is not null && !isPartial)
        {
            _undo.Push((name, undo));
        }
    }

    /// <summary>Undoes what was done so far, the last first, as far as possible.</summary>
    /// <returns>What could not be undone.</returns>
    public IReadOnlyList<string> UndoAll()
    {
        List<string> left = [];
        while (_undo.TryPop(out (string Name, Action Undo) step))
        {
            try
            {
                step.Undo();
            }
            catch (Exception e) when (IsExpected(e))
            {
                left.Add($"{step.Name}: {e.Message}");
            }
        }

        return left;
    }

    /// <summary>What the world outside can answer to a step; anything else is a defect of the program and is not dressed up.</summary>
    public static bool IsExpected(Exception e) => e is IOException or UnauthorizedAccessException or HypervisorException or BackendException;
}
