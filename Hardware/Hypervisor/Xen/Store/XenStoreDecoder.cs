using System.Buffers.Binary;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>
/// Finds messages in a stream of bytes that comes in pieces of any size. Holds at most one message. Used by one thread.
/// </summary>
public sealed class XenStoreDecoder
{
    private readonly byte[] _header = new byte[XenStoreWire.HeaderBytes];
    private byte[] _payload = [];
    private int _received;
    private bool _broken;

    /// <summary>Takes bytes until a message is complete or none are left.</summary>
    /// <param name="bytes">What was received; shortened by what was taken.</param>
    /// <param name="message">The message.</param>
    /// <returns>True when a message is complete: call again, there may be more.</returns>
    /// <exception cref="HypervisorException">EIO: a length beyond the protocol's limit. The stream can't be understood from here on.</exception>
    public bool TryDecode(ref ReadOnlySpan<byte> bytes, out XenStoreMessage message)
    {
        message = default;
        if (_broken)
        {
            throw Broken();
        }

        if (_received < _header.Length)
        {
            Fill(_header, _received, ref bytes);
            if (_received < _header.Length)
            {
                return false;
            }

            uint length = Word(3);
            if (length > XenStoreWire.MostPayload)
            {
                _broken = true;
                throw Broken();
            }

            _payload = length == 0 ? [] : new byte[length];
        }

        Fill(_payload, _received - _header.Length, ref bytes);
        if (_received < _header.Length + _payload.Length)
        {
            return false;
        }

        message = new XenStoreMessage((XenStoreMessageType)Word(0), Word(1), Word(2), _payload);
        _received = 0;
        return true;
    }

    private void Fill(byte[] target, int offset, ref ReadOnlySpan<byte> bytes)
    {
        int count = Math.Min(target.Length - offset, bytes.Length);
        bytes[..count].CopyTo(target.AsSpan(offset));
        bytes = bytes[count..];
        _received += count;
    }

    private uint Word(int index) => BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(index * sizeof(uint)));

    private HypervisorException Broken() =>
        new(Errno.EIO, $"xenstored sent a message of {Word(3)} bytes; {XenStoreWire.MostPayload} is the most");
}
