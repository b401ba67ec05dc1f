namespace PciBackFlow.Backend.Plans;

/// <summary>A row of a plan as a table shows it.</summary>
internal interface IStep
{
    /// <summary>What it does.</summary>
    string Name { get; }

    /// <summary>When it is taken, in words; null for always.</summary>
    string? Condition { get; }

    /// <summary>What is written down of it, and where; null for nothing.</summary>
    string? Journal { get; }

    /// <summary>What undoes it, in words; null for nothing.</summary>
    string? UndoneBy { get; }

    /// <summary>Which limit its waiting has; null when it waits for nobody.</summary>
    string? Patience { get; }

    /// <summary>The plan within it; null for none.</summary>
    IPlan? Plan { get; }

    /// <summary>What the plan within it is repeated for; null when it is carried out once.</summary>
    string? ForEach { get; }

    /// <summary>Whether it is left out at times.</summary>
    bool IsConditional { get; }

    /// <summary>Whether something undoes it.</summary>
    bool HasUndo { get; }

    /// <summary>Whether it is undone also when it failed itself.</summary>
    bool IsUndoneWhenHalfDone { get; }

    /// <summary>Whether nothing before it is undone any more.</summary>
    bool IsPointOfNoReturn { get; }

    /// <summary>Whether its failure is only noted.</summary>
    bool IsBestEffort { get; }
}
