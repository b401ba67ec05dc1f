namespace PciBackFlow.Backend.Selection;

/// <summary>A held device by the name that a person gave it.</summary>
/// <param name="Name">The name.</param>
public sealed record NameSelector(string Name) : DeviceSelector
{
    /// <inheritdoc/>
    public override string Key => "name";

    /// <inheritdoc/>
    public override string Value => Name;

    /// <inheritdoc/>
    public override bool Matches(DeviceCandidate candidate) => candidate.Name == Name;
}
