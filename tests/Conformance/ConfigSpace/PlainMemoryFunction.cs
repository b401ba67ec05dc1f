using System.Buffers.Binary;
using PciBackFlow.Pci;

namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>
/// The most trusting hardware there is: every bit of every register keeps what is written to it. What a guest can change in it
/// is exactly what the filter lets through, because nothing behind the filter stops anything.
/// </summary>
internal sealed class PlainMemoryFunction : IPciFunction
{
    private readonly byte[] _bytes;

    public PlainMemoryFunction(byte[] bytes, IReadOnlyList<BaseAddress> baseAddresses, PciAddress address)
    {
        _bytes = (byte[])bytes.Clone();
        BaseAddresses = baseAddresses;
        Address = address;
        VendorId = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        DeviceId = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(2));
        InterruptLine = bytes[0x3C];
    }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public int Writes { get; private set; }

    public int Reads { get; private set; }

    public int Resets { get; private set; }

    /// <summary>Everything that may have changed it: writes and what was asked of the host.</summary>
    public int Touches => Writes + Enables + Resets + PowerRequests.Count;

    public int Enables { get; private set; }

    /// <summary>What TryEnable, TrySetPowerState and TryReset answer.</summary>
    public bool HostAgrees { get; set; } = true;

    /// <summary>Power states asked for, in order.</summary>
    public List<int> PowerRequests { get; } = [];

    /// <summary>Every write that reached it; null (the default) while not recorded.</summary>
    public List<(int Offset, int Size, uint Value)>? WriteLog { get; set; }

    /// <summary>Bytes that ignore writes.</summary>
    public HashSet<int> ReadOnlyBytes { get; } = [];

    public bool RecordsReads { get; set; }

    public List<int> ReadOffsets { get; } = [];

    /// <summary>Changes a register as hardware would, without an access.</summary>
    public void Poke(int offset, int size, uint value)
    {
        for (int lane = 0; lane < size; lane++)
        {
            _bytes[offset + lane] = (byte)(value >> (8 * lane));
        }
    }

    /// <summary>Puts every byte at once.</summary>
    public void Restore(ReadOnlySpan<byte> bytes) => bytes.CopyTo(_bytes);

    public PciAddress Address { get; }

    public string Origin => $"memory {Address}";

    public int Size => _bytes.Length;

    public int ReadableSize => _bytes.Length;

    public ushort VendorId { get; }

    public ushort DeviceId { get; }

    public bool IsVirtualFunction { get; init; }

    public byte InterruptLine { get; }

    public IReadOnlyList<BaseAddress> BaseAddresses { get; }

    public bool TryRead(int offset, int size, out uint value)
    {
        Reads++;
        if (RecordsReads)
        {
            ReadOffsets.Add(offset);
        }

        value = 0;
        for (int lane = size - 1; lane >= 0; lane--)
        {
            value = (value << 8) | _bytes[offset + lane];
        }

        return true;
    }

    public bool TryWrite(int offset, int size, uint value)
    {
        Writes++;
        WriteLog?.Add((offset, size, value));
        for (int lane = 0; lane < size; lane++)
        {
            if (ReadOnlyBytes.Count == 0 || !ReadOnlyBytes.Contains(offset + lane))
            {
                _bytes[offset + lane] = (byte)(value >> (8 * lane));
            }
        }

        return true;
    }

    public bool PhysicalFunctionDecodesMemory() => false;

    public bool TryEnable()
    {
        Enables++;
        if (HostAgrees)
        {
            _bytes[4] |= 0x03;
        }

        return HostAgrees;
    }

    public bool TrySetPowerState(int state)
    {
        PowerRequests.Add(state);
        return HostAgrees;
    }

    public bool TryReset()
    {
        Resets++;
        return HostAgrees;
    }

    public void Dispose()
    {
    }
}
