using System.Text;
using PciBackFlow.Pci.Registers;

namespace PciBackFlow.Pci.Emulated;

/// <summary>A small well-formed VPD (PCI Local Bus 3.0 appendix I): a name, a checksum, 32 writable bytes.</summary>
internal static class VpdImage
{
    private const int MaxName = 64;
    private const int WritableBytes = 32;

    public static byte[] Create(string name)
    {
        var bytes = new List<byte>();
        byte[] text = Encoding.ASCII.GetBytes(name.Length > MaxName ? name[..MaxName] : name);
        Begin(VpdTags.Identifier, text.Length);
        bytes.AddRange(text);
        Begin(VpdTags.ReadOnly, 4);
        bytes.AddRange("RV\u0001"u8);
        int sum = 0;
        foreach (byte b in bytes)
        {
            sum += b;
        }
        // The bytes from the first to the checksum add up to 0.
        bytes.Add((byte)-sum);
        Begin(VpdTags.ReadWrite, 3 + WritableBytes);
        bytes.AddRange("RW"u8);
        bytes.Add(WritableBytes);
        bytes.AddRange(new byte[WritableBytes]);
        bytes.Add((byte)VpdTags.End);
        while (bytes.Count % 4 != 0)
        {
            bytes.Add(0);
        }

        return [.. bytes];

        void Begin(uint tag, int length) => bytes.AddRange([(byte)tag, (byte)length, (byte)(length >> 8)]);
    }
}
