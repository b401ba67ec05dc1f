using PciBackFlow.Pci;

namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// What is known of a source function before any guest touches it: its bytes, as far as a guest is shown them, and the host's own facts. The yardstick for
/// every answer, read past the backend. Immutable; shared by all guests that get a copy of the same function.
/// </summary>
public sealed class FunctionImage
{
    private const int HeaderBytes = 64;
    private const int PowerManagement = 0x01;

    private readonly byte[] _shown;
    private readonly BaseAddress[] _baseAddresses;

    private FunctionImage(IPciFunction function, byte[] raw, bool isLive, bool allRegisters)
    {
        _shown = ShownRegisters.Of(raw);
        IsLive = isLive;
        Address = function.Address;
        Origin = function.Origin;
        VendorId = function.VendorId;
        DeviceId = function.DeviceId;
        InterruptLine = function.InterruptLine;
        IsVirtualFunction = function.IsVirtualFunction;
        _baseAddresses = [.. function.BaseAddresses];
        Registers = RegisterWalk.List(_shown, allRegisters);
        KnownRegisters = RegisterWalk.List(_shown, all: false);
        PowerManagementOffset = RegisterWalk.FindCapability(_shown, PowerManagement);
    }

    /// <summary>The source's address on its host.</summary>
    public PciAddress Address { get; }

    /// <summary>Where it comes from, for people.</summary>
    public string Origin { get; }

    /// <summary>Vendor id as the host knows it.</summary>
    public ushort VendorId { get; }

    /// <summary>Device id as the host knows it.</summary>
    public ushort DeviceId { get; }

    /// <summary>What the guest reads at 0x3C.</summary>
    public byte InterruptLine { get; }

    /// <summary>Whether it is an SR-IOV virtual function: some of its registers are hardwired to 0 (SR-IOV 1.1 §3.4.1).</summary>
    public bool IsVirtualFunction { get; }

    /// <summary>Whether real hardware stands behind it: registers may change by themselves, and writes do not reach it.</summary>
    public bool IsLive { get; }

    /// <summary>Header layout: 0 endpoint, 1 bridge, 2 CardBus.</summary>
    public int HeaderType => _shown[0x0E] & 0x7F;

    /// <summary>Readable bytes.</summary>
    public int Size => _shown.Length;

    /// <summary>Offset of the power management capability; 0 when there is none.</summary>
    public int PowerManagementOffset { get; }

    /// <summary>Offsets of the dwords that a full listing reads, in its order: header, capabilities as linked, then the rest.</summary>
    public IReadOnlyList<ushort> Registers { get; }

    /// <summary>Offsets of the dwords that a kernel reads at boot: header and known capabilities.</summary>
    public IReadOnlyList<ushort> KnownRegisters { get; }

    /// <summary>Base addresses: indexes 0–5 the BARs, 6 the ROM.</summary>
    public IReadOnlyList<BaseAddress> BaseAddresses => _baseAddresses;

    /// <summary>Reads a function out, dword by dword.</summary>
    /// <param name="function">The source, not the instance that the backend gets: reading is not counted as the backend's.</param>
    /// <param name="isLive">Whether real hardware stands behind it.</param>
    /// <param name="allRegisters">Read everything; false reads header and known capabilities only, which is safer on real hardware.</param>
    /// <returns>The image.</returns>
    /// <exception cref="InvalidOperationException">The function's header cannot be read.</exception>
    public static FunctionImage Take(IPciFunction function, bool isLive, bool allRegisters)
    {
        int size = Math.Min(function.Size, function.ReadableSize) & ~3;
        byte[] raw = new byte[size];
        ReadDwords(function, raw, 0, Math.Min(size, HeaderBytes));
        if (allRegisters)
        {
            ReadDwords(function, raw, HeaderBytes, size);
        }
        else
        {
            // The lists are linked through the registers themselves: each round can only uncover headers that the last one read.
            int known = -1;
            for (IReadOnlyList<ushort> found = RegisterWalk.List(raw, false); found.Count != known; found = RegisterWalk.List(raw, false))
            {
                known = found.Count;
                foreach (ushort offset in found)
                {
                    ReadDwords(function, raw, offset, offset + 4);
                }
            }
        }

        return new FunctionImage(function, raw, isLive, allRegisters);
    }

    /// <summary>The dword at an aligned offset.</summary>
    /// <param name="offset">Aligned offset below <see cref="Size"/>.</param>
    /// <returns>The dword as the source holds it, without what no guest can use.</returns>
    public uint Dword(int offset) => BitConverter.ToUInt32(_shown, offset);

    private static void ReadDwords(IPciFunction function, byte[] raw, int from, int to)
    {
        for (int offset = from; offset < to; offset += 4)
        {
            if (!function.TryRead(offset, 4, out uint value))
            {
                throw new InvalidOperationException($"{function.Origin}: the register at 0x{offset:x3} cannot be read");
            }

            BitConverter.TryWriteBytes(raw.AsSpan(offset), value);
        }
    }
}
