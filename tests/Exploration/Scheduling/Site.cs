namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>An operation and where in the source it stands, as the compiler tells the instrumented types.</summary>
internal readonly record struct Site(string Operation, string Target, string File, int Line)
{
    public override string ToString() => Line == 0
        ? $"{Operation} {Target}"
        : $"{Operation} {Target} ({Path.GetFileName(File)}:{Line})";
}
