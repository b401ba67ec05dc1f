using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Plans;

/// <summary>A step that failed, and what became of those before it.</summary>
/// <param name="Step">Its title.</param>
/// <param name="Exception">Why.</param>
/// <param name="NotUndone">The steps before it that could not be undone; empty when everything is as before. Within another plan always
/// empty: that one undoes.</param>
internal sealed record StepFailure(string Step, Exception Exception, IReadOnlyList<StepFailure> NotUndone)
{
    /// <summary>Whether an exception is what the world outside can answer to a step; anything else is a defect of the program.</summary>
    public static bool IsExpected(Exception e) => e is IOException or UnauthorizedAccessException or HypervisorException or BackendException;

    /// <summary>"step: why".</summary>
    public override string ToString() => $"{Step}: {Exception.Message}";
}
