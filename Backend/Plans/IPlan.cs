namespace PciBackFlow.Backend.Plans;

/// <summary>A plan as a table shows it.</summary>
internal interface IPlan
{
    /// <summary>What is done as a whole: "attach".</summary>
    string Name { get; }

    /// <summary>Its rows in order.</summary>
    IReadOnlyList<IStep> Steps { get; }
}
