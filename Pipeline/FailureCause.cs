namespace PciBackFlow.Pipeline;

/// <summary>Why an item cannot give its own answer, so that another answers with a failure in its place.</summary>
public enum FailureCause : byte
{
    /// <summary>It gives its own.</summary>
    None = 0,

    /// <summary>Its deadline passed.</summary>
    Deadline = 1,

    /// <summary>A queue between threads had no place for it, which a place for every lane rules out.</summary>
    Queue = 2,

    /// <summary>The thread that had it gave up half-way.</summary>
    Lost = 3,
}
