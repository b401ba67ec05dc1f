namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>What xenstored answered.</summary>
/// <param name="Errno">An errno's name, or null on success.</param>
/// <param name="Payload">On success, the payload.</param>
internal readonly record struct XenStoreReply(string? Errno, ReadOnlyMemory<byte> Payload);
