using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>What xenstored answered.</summary>
/// <param name="Errno">Why it refused; none on success.</param>
/// <param name="Payload">On success, the payload.</param>
internal readonly record struct XenStoreReply(Errno Errno, ReadOnlyMemory<byte> Payload);
