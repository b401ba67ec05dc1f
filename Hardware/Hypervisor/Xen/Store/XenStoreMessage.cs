namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>One message of the xenstore protocol.</summary>
/// <param name="Type">What it is; may be a number the enumeration does not name.</param>
/// <param name="RequestId">Chosen by who asks and repeated in the answer; 0 in events.</param>
/// <param name="TransactionId">The transaction, or 0.</param>
/// <param name="Payload">At most <see cref="XenStoreWire.MostPayload"/> bytes.</param>
public readonly record struct XenStoreMessage(XenStoreMessageType Type, uint RequestId, uint TransactionId, ReadOnlyMemory<byte> Payload);
