using PciBackFlow.Hardware.Text;

namespace PciBackFlow.Backend.Control.Api;

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

    /// <summary>A message that points at a character: the message, the text below it, a caret below the character.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="text">The text as it came.</param>
    /// <param name="index">Index of the wrong character; the text's length when something is missing at its end.</param>
    /// <returns>Three lines.</returns>
    internal static string Pointing(string message, string text, int index)
    {
        // Foreign text: what is no printable character would move the caret, or do worse in a terminal.
        string shown = ForeignText.Shown(text, text.Length, replacement: '?');
        return $"{message}\n  {shown}\n  {new string(' ', Math.Clamp(index, 0, shown.Length))}^";
    }

    /// <summary>The failure that <see cref="Failure"/> names; an unknown word is a failure.</summary>
    /// <returns>The kind.</returns>
    public BackendFailure ToFailure() => Failure switch
    {
        "malformed" => BackendFailure.Malformed,
        "refused" => BackendFailure.Refused,
        _ => BackendFailure.Failed,
    };
}
