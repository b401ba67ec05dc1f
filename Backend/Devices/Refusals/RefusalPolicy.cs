namespace PciBackFlow.Backend.Devices.Refusals;

/// <summary>What an administrator decided about reasons whose weight is a matter of opinion. Immutable.</summary>
public sealed class RefusalPolicy
{
    private readonly Dictionary<string, RefusalWeight> _weights = new(StringComparer.Ordinal);

    /// <summary>Creates a policy.</summary>
    /// <param name="weights">Weights by rule code: none, warning or judgement.</param>
    /// <exception cref="ArgumentException">There is no rule of that code, its weight is no matter of opinion, or the weight isn't one of the three.</exception>
    public RefusalPolicy(IEnumerable<KeyValuePair<string, RefusalWeight>> weights)
    {
        foreach ((string code, RefusalWeight weight) in weights)
        {
            RefusalRule? rule = Array.Find(RefusalTable.Rules, found => found.Code == code);
            if (rule is null)
            {
                throw new ArgumentException($"no refusal '{code}'; there are {string.Join(", ", Codes)}", nameof(weights));
            }

            if (rule.Weight > RefusalWeight.Judgement || weight > RefusalWeight.Judgement)
            {
                throw new ArgumentException($"refusal '{code}' cannot become {weight}", nameof(weights));
            }

            _weights[code] = weight;
        }
    }

    /// <summary>The codes of the rules whose weight can be changed.</summary>
    public static IReadOnlyList<string> Codes { get; } = [.. RefusalTable.Adjustable];

    /// <summary>Every rule weighs what its table row says.</summary>
    public static RefusalPolicy Default { get; } = new([]);

    /// <summary>What the rule of a code weighs here.</summary>
    /// <param name="code">The code.</param>
    /// <returns>The weight.</returns>
    /// <exception cref="ArgumentException">There is no such rule.</exception>
    public RefusalWeight WeightOf(string code) =>
        WeightOf(Array.Find(RefusalTable.Rules, rule => rule.Code == code) ?? throw new ArgumentException($"no refusal '{code}'", nameof(code)));

    /// <summary>What a rule weighs here.</summary>
    internal RefusalWeight WeightOf(RefusalRule rule) => _weights.GetValueOrDefault(rule.Code, rule.Weight);
}
