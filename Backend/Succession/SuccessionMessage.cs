namespace PciBackFlow.Backend.Succession;

/// <summary>One line of the conversation.</summary>
/// <param name="Word">What is said.</param>
/// <param name="Terms">With <see cref="SuccessionWord.Hello"/> and <see cref="SuccessionWord.Quiet"/>.</param>
/// <param name="Reason">With <see cref="SuccessionWord.Refused"/> and <see cref="SuccessionWord.Resumed"/>.</param>
/// <param name="Variables">With <see cref="SuccessionWord.Quiet"/>: see <see cref="SuccessionServer.ServiceVariables"/>.</param>
/// <param name="Since">With <see cref="SuccessionWord.Released"/>: when the first guest was not served any more, in nanoseconds of the monotonic clock.</param>
internal sealed record SuccessionMessage(SuccessionWord Word, SuccessionTerms? Terms = null, string? Reason = null, long Since = 0,
    IReadOnlyDictionary<string, string>? Variables = null);
