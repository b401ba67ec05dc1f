namespace PciBackFlow.Filter.Insight;

/// <summary>One register that an access touched.</summary>
/// <param name="Register">Its name.</param>
/// <param name="Offset">Its first byte.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Rule">Who decides about it and how, one line.</param>
/// <param name="Source">Where the rule comes from: specification and section, XSA number, policy file.</param>
public sealed record ExplainedRow(string Register, int Offset, int Size, string Rule, string Source);
