namespace PciBackFlow.Conformance.Tests.ConfigSpace;

/// <summary>A configuration space put together byte by byte, so that its lists can also be wrong.</summary>
internal sealed class SpaceBytes
{
    private int _lastStandard;
    private int _lastExtended;

    public SpaceBytes(int size = 256, byte headerType = 0)
    {
        Bytes = new byte[size];
        Put(0x00, 2, 0x8086).Put(0x02, 2, 0x10D3).Put(0x04, 2, 0x0003).Put(0x08, 4, 0x02000001).Put(0x0E, 1, headerType);
    }

    public byte[] Bytes { get; }

    public SpaceBytes Put(int offset, int size, uint value)
    {
        for (int lane = 0; lane < size; lane++)
        {
            Bytes[offset + lane] = (byte)(value >> (8 * lane));
        }

        return this;
    }

    public SpaceBytes Fill(int offset, int length, byte seed)
    {
        for (int i = 0; i < length; i++)
        {
            Bytes[offset + i] = (byte)(seed + (i * 7));
        }

        return this;
    }

    /// <summary>Appends a capability to the standard list.</summary>
    public SpaceBytes Standard(int offset, byte id)
    {
        if (_lastStandard == 0)
        {
            Bytes[0x06] |= 0x10;
            Bytes[0x34] = (byte)offset;
        }
        else
        {
            Bytes[_lastStandard + 1] = (byte)offset;
        }

        Bytes[offset] = id;
        Bytes[offset + 1] = 0;
        _lastStandard = offset;
        return this;
    }

    /// <summary>Appends a capability to the extended list; the first is at 0x100.</summary>
    public SpaceBytes Extended(int offset, int id, int version = 1)
    {
        if (_lastExtended != 0)
        {
            Bytes[_lastExtended + 2] = (byte)((Bytes[_lastExtended + 2] & 0x0F) | ((offset & 0xF) << 4));
            Bytes[_lastExtended + 3] = (byte)(offset >> 4);
        }

        Put(offset, 4, (uint)(id | (version << 16)));
        _lastExtended = offset;
        return this;
    }
}
