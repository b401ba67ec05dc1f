using System.Buffers.Binary;
using PciBackFlow.Pci;
using PciBackFlow.Pci.Emulated;
using PciBackFlow.Perf.Frontends;
using PciBackFlow.Perf.Load;

namespace PciBackFlow.Perf.Tests;

/// <summary>A conventional network function with I/O, memory and 64-bit base addresses, a ROM, and PM and MSI capabilities.</summary>
internal static class TestFunctions
{
    internal const uint Ids = 0x100E8086;
    internal const ushort Command = 0x0107;

    internal static readonly ulong[] Lengths = [0x20000, 0x40, 0x100000, 0, 0, 0, 0x10000];

    internal static byte[] Bytes()
    {
        byte[] bytes = new byte[256];
        Put(bytes, 0x00, Ids);
        Put(bytes, 0x04, 0x02100000u | Command);
        Put(bytes, 0x08, 0x02000003);
        Put(bytes, 0x0C, 0x00004010);
        Put(bytes, 0x10, 0xFEB40000);
        Put(bytes, 0x14, 0x0000C041);
        Put(bytes, 0x18, 0x0020000C);
        Put(bytes, 0x1C, 0x00000038);
        Put(bytes, 0x2C, 0x11001AF4);
        Put(bytes, 0x30, 0xFEB00000);
        Put(bytes, 0x34, 0x40);
        Put(bytes, 0x3C, 0xFF00010B);
        Put(bytes, 0x40, 0x0003_5001 | 0xC8000000);
        Put(bytes, 0x44, 0x00000008);
        Put(bytes, 0x50, 0x00800005);
        return bytes;
    }

    internal static EmulatedFunction Open() => new(new PciAddress(0, 3, 0, 0), "test function", Bytes(), Lengths);

    internal static FunctionImage Image()
    {
        using EmulatedFunction function = Open();
        return FunctionImage.Take(function, isLive: false, allRegisters: true);
    }

    internal static LoadSource Source(Func<IPciFunction>? open = null) => new("test function", IsLive: false, [open ?? Open]);

    private static void Put(byte[] bytes, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);
}
