namespace PciBackFlow.Backend.Failures;

/// <summary>Something asked of the backend did not happen; nothing was changed, or it was changed back.</summary>
/// <param name="failure">What kind of failure.</param>
/// <param name="message">What, why and what to do, in one sentence or two for a person.</param>
/// <param name="inner">What caused it.</param>
public sealed class BackendException(BackendFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What kind of failure.</summary>
    public BackendFailure Failure { get; } = failure;
}
