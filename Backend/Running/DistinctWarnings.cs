using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Running;

/// <summary>
/// What guests do, said once for each guest and subject and then counted: the line comes again at the 10th, 100th, 1,000th …
/// time, so a guest that repeats itself a million times writes seven lines (XSA-43). A warning is for a person, who can do something about it; what is normal,
/// or what nobody can change, is information. Any thread.
/// </summary>
public sealed partial class DistinctWarnings
{
    /// <summary>Most subjects remembered for one guest; further ones share one entry.</summary>
    public const int MaxSubjects = 64;

    private const string Others = "further warnings";

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Dictionary<string, long>> _counts = [];
    private readonly ILogger _logger;

    /// <summary>Creates the counts.</summary>
    /// <param name="logger">Where the lines go.</param>
    public DistinctWarnings(ILogger logger) => _logger = logger;

    /// <summary>Says or counts what a person should look at.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="subject">What is wrong, in words without changing numbers: it is the identity of the warning.</param>
    /// <param name="text">What to say when it is said, which may hold numbers; the subject itself when null.</param>
    /// <returns>How often it happened so far, this time included.</returns>
    public long Warn(int domainId, string subject, string? text = null) => Count(domainId, subject, text, isWarning: true);

    /// <summary>Says or counts what is normal: as <see cref="Warn"/>, but as information.</summary>
    /// <param name="domainId">The guest.</param>
    /// <param name="subject">What happened, in words without changing numbers.</param>
    /// <param name="text">What to say when it is said; the subject itself when null.</param>
    /// <returns>How often it happened so far, this time included.</returns>
    public long Inform(int domainId, string subject, string? text = null) => Count(domainId, subject, text, isWarning: false);

    /// <summary>Forgets a guest: its successor of the same domain id is warned about afresh.</summary>
    /// <param name="domainId">The guest.</param>
    public void Forget(int domainId)
    {
        lock (_lock)
        {
            _counts.Remove(domainId);
        }
    }

    private long Count(int domainId, string subject, string? text, bool isWarning)
    {
        long count;
        lock (_lock)
        {
            if (!_counts.TryGetValue(domainId, out Dictionary<string, long>? subjects))
            {
                _counts.Add(domainId, subjects = new(StringComparer.Ordinal));
            }

            if (subjects.Count >= MaxSubjects && !subjects.ContainsKey(subject))
            {
                subject = text = Others;
            }

            count = subjects.GetValueOrDefault(subject) + 1;
            subjects[subject] = count;
        }

        if (IsPowerOfTen(count) && isWarning)
        {
            Say(_logger, domainId, text ?? subject, count);
        }
        else if (IsPowerOfTen(count))
        {
            Tell(_logger, domainId, text ?? subject, count);
        }

        return count;
    }

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "domain {DomainId}: {Subject} (seen {Count} times)")]
    private static partial void Say(ILogger logger, int domainId, string subject, long count);

    [LoggerMessage(EventId = 13, Level = LogLevel.Information, Message = "domain {DomainId}: {Subject} (seen {Count} times)")]
    private static partial void Tell(ILogger logger, int domainId, string subject, long count);

    private static bool IsPowerOfTen(long count)
    {
        while (count % 10 == 0)
        {
            count /= 10;
        }

        return count == 1;
    }
}
