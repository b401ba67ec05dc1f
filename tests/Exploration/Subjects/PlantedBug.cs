namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>A mistake put into one of the pipeline's source files, and the scenario that must find it.</summary>
internal sealed record PlantedBug(string Name, string Scenario, string File, string Original, string Replacement)
{
    public override string ToString() => Name;

    /// <summary>The file's text with the mistake.</summary>
    /// <exception cref="InvalidOperationException">
    /// The passage isn't there exactly once: the file has changed, and the bug has to be planted anew.
    /// </exception>
    internal string PlantIn(string text)
    {
        int at = text.IndexOf(Original, StringComparison.Ordinal);
        if (at < 0 || text.IndexOf(Original, at + 1, StringComparison.Ordinal) >= 0)
        {
            throw new InvalidOperationException(
                $"{Name}: the passage to change is not in {File} exactly once; plant the bug anew:{Environment.NewLine}{Original}");
        }

        return string.Concat(text.AsSpan(0, at), Replacement, text.AsSpan(at + Original.Length));
    }
}
