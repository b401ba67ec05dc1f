using PciBackFlow.Filter.Map;
using PciBackFlow.Filter.Run;
using PciBackFlow.Pci;

namespace PciBackFlow.Stages.Tests;

/// <summary>
/// 256 bytes of hardware, and permissions made by hand: 0x00 from the shadow, 0x10 virtual and writable, 0x40 writable hardware,
/// 0x44 writable in bits 15:4 only, all else read from hardware and not writable.
/// </summary>
internal sealed class TestFunction(int size = 256) : IPciFunction
{
    internal const uint Identity = 0x100E8086;

    private readonly byte[] _bytes = NewBytes(size);

    internal bool Fails { get; set; }

    /// <summary>Called inside every access.</summary>
    internal Action? OnAccess { get; set; }

    internal int Accesses { get; private set; }

    public int Size => size;

    public PciAddress Address => new(0, 3, 0, 0);

    public string Origin => "test function";

    public int ReadableSize => size;

    public ushort VendorId => 0x8086;

    public ushort DeviceId => 0x100E;

    public bool IsVirtualFunction => false;

    public byte InterruptLine => 11;

    public IReadOnlyList<BaseAddress> BaseAddresses { get; } = new BaseAddress[7];

    /// <summary>In a guest's hands.</summary>
    /// <param name="guestAddress">Where the guest sees it.</param>
    /// <param name="change">What is to be different in its permissions.</param>
    /// <param name="settings">What of a policy side effects ask for.</param>
    internal AssignedFunction Assign(PciAddress guestAddress = default, Action<ConfigDword[]>? change = null, MapSettings settings = default)
    {
        var dwords = new ConfigDword[size / 4];
        Array.Fill(dwords, new ConfigDword { ByPolicy = uint.MaxValue });
        dwords[0] = new ConfigDword { Shadow = uint.MaxValue };
        dwords[0x10 / 4] = new ConfigDword { Virtual = uint.MaxValue, Writable = uint.MaxValue };
        dwords[0x40 / 4] = new ConfigDword { Writable = uint.MaxValue };
        dwords[0x44 / 4] = new ConfigDword { Writable = 0xFFF0 };
        change?.Invoke(dwords);
        var initial = new InitialRegisters(size, new BaseAddressAnswer[7]);
        initial.Set(0, Identity, uint.MaxValue);
        return new AssignedFunction(this, guestAddress, new CompiledFunction(new ConfigSpaceMap(dwords, [], settings), initial, []));
    }

    internal uint Peek(int offset) => BitConverter.ToUInt32(_bytes, offset);

    public bool TryRead(int offset, int size, out uint value)
    {
        Accesses++;
        OnAccess?.Invoke();
        value = 0;
        for (int i = size - 1; i >= 0; i--)
        {
            value = (value << 8) | (Fails ? (byte)0xFF : _bytes[offset + i]);
        }

        return !Fails;
    }

    public bool TryWrite(int offset, int size, uint value)
    {
        Accesses++;
        OnAccess?.Invoke();
        for (int i = 0; i < size && !Fails; i++)
        {
            _bytes[offset + i] = (byte)(value >> (8 * i));
        }

        return !Fails;
    }

    public bool PhysicalFunctionDecodesMemory() => false;

    public bool TryEnable() => true;

    public bool TrySetPowerState(int state) => true;

    public bool TryReset() => true;

    public void Dispose()
    {
    }

    private static byte[] NewBytes(int size)
    {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++)
        {
            bytes[i] = (byte)((i * 5) + 1);
        }

        BitConverter.TryWriteBytes(bytes, Identity);
        return bytes;
    }
}
