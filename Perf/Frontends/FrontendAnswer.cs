namespace PciBackFlow.Perf.Frontends;

/// <summary>What came back in the page.</summary>
/// <param name="Status"><c>op.err</c>: 0, a negative XEN_PCI_ERR_* code, or whatever a backend puts there.</param>
/// <param name="Value"><c>op.value</c>.</param>
/// <param name="Info"><c>op.info</c>.</param>
public readonly record struct FrontendAnswer(int Status, uint Value, uint Info);
