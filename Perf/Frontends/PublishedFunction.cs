using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Frontends;

/// <summary>A function as the backend published it.</summary>
/// <param name="Host">Its address on the host (<c>dev-N</c>).</param>
/// <param name="Guest">Its address in the guest (<c>vdev-N</c>).</param>
public readonly record struct PublishedFunction(PciAddress Host, PciAddress Guest);
