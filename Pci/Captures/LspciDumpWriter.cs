using System.Globalization;

namespace PciBackFlow.Pci.Captures;

/// <summary>Writes configuration spaces as <c>lspci -xxxx</c> prints them, so that <c>lspci -F</c> and <see cref="LspciDump"/> read them back.</summary>
/// <remarks>
/// pciutils 3.9 skips functions whose domain has more than five digits when it reads a dump, however many zeros lead; domains
/// are therefore printed with as few digits as they need, four at least, as lspci itself prints them.
/// </remarks>
public static class LspciDumpWriter
{
    private const int BytesPerRow = 16;

    /// <summary>Writes one function and the blank line that ends it.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="address">Its address; the domain is printed unless it is 0.</param>
    /// <param name="description">Text behind the address; of several lines, the first.</param>
    /// <param name="bytes">Its bytes from offset 0.</param>
    public static void Write(TextWriter writer, PciAddress address, string description, ReadOnlySpan<byte> bytes)
    {
        if (address.Domain != 0)
        {
            writer.Write(address.Domain.ToString("x4", CultureInfo.InvariantCulture) + ":");
        }

        writer.Write(string.Create(CultureInfo.InvariantCulture, $"{address.Bus:x2}:{address.Slot:x2}.{address.Function:x} "));
        int lineEnd = description.AsSpan().IndexOfAny('\r', '\n');
        writer.Write(lineEnd < 0 ? description : description.AsSpan(0, lineEnd));
        writer.Write('\n');
        for (int row = 0; row < bytes.Length; row += BytesPerRow)
        {
            writer.Write(row.ToString("x2", CultureInfo.InvariantCulture));
            writer.Write(':');
            foreach (byte b in bytes[row..Math.Min(bytes.Length, row + BytesPerRow)])
            {
                writer.Write(' ');
                writer.Write(b.ToString("x2", CultureInfo.InvariantCulture));
            }

            writer.Write('\n');
        }

        writer.Write('\n');
    }

    /// <summary>Reads a function whole, dword by dword (bytes where a dword fails), and writes it.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="address">Its address.</param>
    /// <param name="description">Text behind the address.</param>
    /// <param name="space">The function.</param>
    /// <param name="length">How many bytes, at most the space's size.</param>
    public static void Write(TextWriter writer, PciAddress address, string description, IConfigSpace space, int length)
    {
        byte[] bytes = new byte[Math.Min(length, space.Size)];
        for (int at = 0; at < bytes.Length; at++)
        {
            if ((at & 3) == 0 && at + 4 <= bytes.Length && space.TryRead(at, 4, out uint dword))
            {
                for (int i = 0; i < 4; i++)
                {
                    bytes[at + i] = (byte)(dword >> (8 * i));
                }

                at += 3;
            }
            else
            {
                space.TryRead(at, 1, out uint value);
                bytes[at] = (byte)value;
            }
        }

        Write(writer, address, description, bytes);
    }
}
