namespace PciBackFlow.Backend.Doctor;

/// <summary>One thing to look at.</summary>
/// <param name="Codes">The codes of its findings.</param>
/// <param name="Source">What is read, for people and for the documentation.</param>
/// <param name="Look">Looks.</param>
internal sealed record HostCheck(string[] Codes, string Source, Func<Examination, IEnumerable<Finding>> Look);
