namespace PciBackFlow.Backend.Attaching;

/// <summary>A device for a guest.</summary>
/// <param name="DomainId">The guest.</param>
/// <param name="Spec">Which device and how, in xl's words (<c>PCI_SPEC_STRING</c>, xl-pci-configuration(5)).</param>
/// <param name="Wait">Whether to wait until the guest has it.</param>
/// <param name="Keep">Whether it is attached again after the guest's reboot (same UUID).</param>
/// <param name="Force">Whether refusals that only a person can judge are overridden; those of taking it from the host (<c>seize</c>) are not.</param>
public sealed record AttachRequest(int DomainId, PciSpec Spec, bool Wait, bool Keep, bool Force);
