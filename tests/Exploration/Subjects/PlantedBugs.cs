namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>Mistakes that are easily made in code of this kind, one in each. Some of them were made.</summary>
internal static partial class PlantedBugs
{
    internal static IReadOnlyList<PlantedBug> All { get; } = [.. Sleep(), .. Races(), .. Queues(), .. Parking(), .. Places(), .. Shares()];
}
