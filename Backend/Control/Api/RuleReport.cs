using System.Globalization;
using System.Text.Json.Serialization;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Backend.Control.Api;

/// <summary>A rule that would let denied writes through, as a policy file has it.</summary>
/// <param name="Mask">The bits, hexadecimal.</param>
/// <param name="Register">The register's name; null for a rule by offset.</param>
/// <param name="Offset">The offset; null for the register's own.</param>
/// <param name="Size">Bytes; null for the register's own.</param>
public sealed record RuleReport(
    string Mask,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Register = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Offset = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Size = null)
{
    /// <summary>Describes a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <returns>The report.</returns>
    public static RuleReport Of(PolicyRule rule) => new(
        "0x" + rule.Mask.ToString(rule.Size is 1 ? "x2" : rule.Size is 4 ? "x8" : "x4", CultureInfo.InvariantCulture),
        rule.Register,
        rule.Register is null || rule.Offset != 0 ? rule.Offset : null,
        rule.Size != 0 ? rule.Size : null);

    /// <summary>The rule.</summary>
    /// <returns>The rule; its mask allows nothing when what came is no number.</returns>
    public PolicyRule ToRule() => new()
    {
        Register = Register,
        Offset = Offset ?? 0,
        Size = Size ?? 0,
        Mask = Mask.StartsWith("0x", StringComparison.Ordinal)
            && uint.TryParse(Mask.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint mask) ? mask : 0,
    };
}
