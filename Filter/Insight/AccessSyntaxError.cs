namespace PciBackFlow.Filter.Insight;

/// <summary>What is wrong with an access a person typed.</summary>
/// <param name="Position">The wrong character, from 0; the text's length when something is missing at its end.</param>
/// <param name="Message">What was expected.</param>
public sealed record AccessSyntaxError(int Position, string Message);
