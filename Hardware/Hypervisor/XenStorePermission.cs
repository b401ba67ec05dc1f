namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>One entry of a xenstore node's permission list (on the wire a letter and a domain id: <c>n0</c>, <c>r7</c>).</summary>
/// <param name="DomainId">The domain.</param>
/// <param name="Access">What it may do; of the first entry (the owner): what everybody else may do.</param>
public readonly record struct XenStorePermission(int DomainId, XenStoreAccess Access);
