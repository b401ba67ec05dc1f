using System.Diagnostics.CodeAnalysis;
using PciBackFlow.Backend.Failures;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Sources;

/// <summary>The outcome of asking for a function.</summary>
/// <param name="Function">The function; null when refused.</param>
/// <param name="Refusal">Why not; null when granted.</param>
public readonly record struct FunctionClaim(IPciFunction? Function, DeviceFailure? Refusal)
{
    /// <summary>Whether the guest has the function.</summary>
    [MemberNotNullWhen(true, nameof(Function))]
    public bool IsGranted => Function is not null;

    /// <summary>A claim that succeeded.</summary>
    /// <param name="function">The function.</param>
    /// <returns>The claim.</returns>
    public static FunctionClaim Granted(IPciFunction function) => new(function, Refusal: null);

    /// <summary>A claim that was refused.</summary>
    /// <param name="kind">Why, in a word.</param>
    /// <param name="reason">Why, in full.</param>
    /// <returns>The claim.</returns>
    public static FunctionClaim Refused(DeviceFailureKind kind, string reason) => new(Function: null, new(kind, reason));
}
