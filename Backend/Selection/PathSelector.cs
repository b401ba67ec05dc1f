namespace PciBackFlow.Backend.Selection;

/// <summary>A device by the slots on the way to it from its root bus: whatever is plugged in there.</summary>
/// <param name="Path"><c>pci0000:00/1c.0/00.0</c>.</param>
public sealed record PathSelector(string Path) : DeviceSelector
{
    /// <inheritdoc/>
    public override string Key => "path";

    /// <inheritdoc/>
    public override string Value => Path;

    /// <inheritdoc/>
    public override bool Matches(DeviceCandidate candidate) => candidate.Path == Path;
}
