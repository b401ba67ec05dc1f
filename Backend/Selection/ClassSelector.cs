using System.Globalization;

namespace PciBackFlow.Backend.Selection;

/// <summary>A device by its class: the only one of its kind that the host has.</summary>
/// <param name="Code">The digits that were given, as a number.</param>
/// <param name="Digits">How many: 2 for the base class, 4 with the subclass, 6 with the programming interface.</param>
public sealed record ClassSelector(uint Code, int Digits) : DeviceSelector
{
    private const int AllDigits = 6;

    /// <inheritdoc/>
    public override string Key => "class";

    /// <inheritdoc/>
    public override string Value => Code.ToString($"x{Digits}", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override bool Matches(DeviceCandidate candidate) => candidate.ClassCode >> (4 * (AllDigits - Digits)) == Code;
}
