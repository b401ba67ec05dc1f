namespace PciBackFlow.Backend.Control;

/// <summary>Why a request did not happen (<c>application/problem+json</c>).</summary>
/// <param name="Failure">What kind: <c>failed</c>, <c>malformed</c> or <c>refused</c>; a client's exit code follows from it.</param>
/// <param name="Message">What, why and what to do, for a person; may have several lines where a caret points at a character.</param>
public sealed record ControlProblem(string Failure, string Message)
{
    /// <summary>The word for a failure.</summary>
    /// <param name="failure">The failure.</param>
    /// <returns><c>failed</c>, <c>malformed</c> or <c>refused</c>.</returns>
    public static string NameOf(BackendFailure failure) => failure switch
    {
        BackendFailure.Malformed => "malformed",
        BackendFailure.Refused => "refused",
        _ => "failed",
    };

    /// <summary>The failure that <see cref="Failure"/> names; an unknown word is a failure.</summary>
    /// <returns>The kind.</returns>
    public BackendFailure ToFailure() => Failure switch
    {
        "malformed" => BackendFailure.Malformed,
        "refused" => BackendFailure.Refused,
        _ => BackendFailure.Failed,
    };
}
