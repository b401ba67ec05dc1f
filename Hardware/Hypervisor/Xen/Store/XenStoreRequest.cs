using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>One request in flight: a thread waits, the connection's reader answers. Answered once.</summary>
internal sealed class XenStoreRequest
{
    private readonly object _gate = new();
    private readonly XenStoreMessageType _type;
    private XenStoreReply? _reply;

    internal XenStoreRequest(XenStoreMessageType type) => _type = type;

    /// <summary>Hands the answer to the waiting thread.</summary>
    internal void Complete(in XenStoreMessage message)
    {
        ReadOnlySpan<byte> payload = message.Payload.Span;
        Complete(message.Type == _type ? new XenStoreReply(Errno.None, message.Payload)
            : new XenStoreReply(message.Type == XenStoreMessageType.Error ? XenStoreWire.DecodeError(payload) : Errno.EIO, default));
    }

    /// <summary>There will be no answer.</summary>
    internal void Fail() => Complete(new XenStoreReply(Errno.EIO, default));

    /// <summary>Waits without limit: xenstored answers every request, or the connection is lost.</summary>
    internal XenStoreReply Wait()
    {
        lock (_gate)
        {
            while (_reply is null)
            {
                Monitor.Wait(_gate);
            }

            return _reply.Value;
        }
    }

    private void Complete(XenStoreReply reply)
    {
        lock (_gate)
        {
            _reply ??= reply;
            Monitor.Pulse(_gate);
        }
    }
}
