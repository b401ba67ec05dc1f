namespace PciBackFlow.Backend.Succession;

/// <summary>What two daemons have to agree on before one follows the other under its guests.</summary>
/// <param name="Protocol">Of their conversation: <see cref="CurrentProtocol"/>.</param>
/// <param name="Version">The program's, for people: versions need not be equal.</param>
/// <param name="Platform">What is served on.</param>
/// <param name="StateDirectory">Where held devices are written down: both must mean the same ones.</param>
/// <param name="Formats">
/// The form of each file that one writes and the other reads, by its name. An additive change keeps its number, so a number that differs means that one cannot
/// read what the other wrote; a name that only one of them knows is no obstacle.
/// </param>
public sealed record SuccessionTerms(int Protocol, string Version, string Platform, string StateDirectory, IReadOnlyDictionary<string, int> Formats)
{
    /// <summary>The conversation that this program speaks.</summary>
    public const int CurrentProtocol = 1;

    /// <summary>Whether another daemon may follow this one.</summary>
    /// <param name="successor">The other's terms.</param>
    /// <returns>Null, or what stands in the way.</returns>
    public string? ObstacleTo(SuccessionTerms successor)
    {
        if (successor.Protocol != Protocol)
        {
            return $"it speaks protocol {successor.Protocol} of a succession, and {Version} speaks {Protocol}";
        }

        if (successor.Platform != Platform)
        {
            return $"it serves {successor.Platform}, not {Platform}";
        }

        if (successor.StateDirectory != StateDirectory)
        {
            return $"its held devices are in {successor.StateDirectory}, not in {StateDirectory}";
        }

        foreach ((string name, int format) in Formats)
        {
            if (successor.Formats.TryGetValue(name, out int other) && other != format)
            {
                return $"it has format {other} of {name}, and {Version} has {format}";
            }
        }

        return null;
    }
}
