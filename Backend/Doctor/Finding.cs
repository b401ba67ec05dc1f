namespace PciBackFlow.Backend.Doctor;

/// <summary>One thing that was looked at, and what was found.</summary>
/// <param name="Code">A fixed word for programs: <c>no-iommu</c>, or a refusal's code.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Device">The device it is about; null for the host.</param>
/// <param name="Reason">What is the matter, for people.</param>
/// <param name="Evidence">The file or call it was read from, and what stood there.</param>
/// <param name="Remedy">What a person can do; null where there is nothing to do.</param>
public sealed record Finding(string Code, FindingSeverity Severity, string? Device, string Reason, string Evidence, string? Remedy = null)
{
    /// <summary>False when it could not be looked at: what is the matter is then not known.</summary>
    public bool Looked { get; init; } = true;

    /// <summary>Something that could not be looked at.</summary>
    /// <param name="code">What it would have been about.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="evidence">What was tried.</param>
    /// <param name="remedy">How it could be looked at.</param>
    /// <returns>The finding.</returns>
    public static Finding Unseen(string code, string reason, string evidence, string? remedy) =>
        new(code, FindingSeverity.Warning, null, reason, evidence, remedy) { Looked = false };
}
