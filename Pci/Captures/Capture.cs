using System.Text;

namespace PciBackFlow.Pci.Captures;

/// <summary>A file of captured configuration spaces.</summary>
/// <param name="Name">The file's name, without folders.</param>
/// <param name="Functions">Its functions in the file's order; at least one.</param>
public sealed record Capture(string Name, IReadOnlyList<CapturedConfig> Functions)
{
    private const int MaxFileBytes = 64 << 20;

    /// <summary>Reads a file: an <c>lspci -x/-xxx/-xxxx</c> text in UTF-8 or UTF-16, or a binary <c>config</c> file; which, its content tells.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The capture.</returns>
    /// <exception cref="CaptureFormatException">It is neither; file, line and reason are named.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static Capture Load(string path)
    {
        string name = Path.GetFileName(path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0);
        using var content = new MemoryStream();
        byte[] buffer = new byte[64 << 10];
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            content.Write(buffer, 0, count);
            // A device or an endless pipe is no capture, and must not fill memory.
            if (content.Length > MaxFileBytes)
            {
                throw new CaptureFormatException(name, 0, $"more than {MaxFileBytes >> 20} MiB are no capture");
            }
        }

        return Read(name, content.GetBuffer().AsSpan(0, (int)content.Length));
    }

    /// <summary>Reads a file's content.</summary>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="content">Its bytes.</param>
    /// <returns>The capture.</returns>
    /// <exception cref="CaptureFormatException">It is no capture.</exception>
    public static Capture Read(string name, ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
        {
            throw new CaptureFormatException(name, 0, "the file is empty");
        }

        Encoding? encoding = EncodingOf(content);
        return encoding is null
            ? new Capture(name, [BinaryCapture.Parse(name, content)])
            : new Capture(name, LspciDump.Parse(name, encoding.GetString(content).TrimStart(ByteOrderMark)));
    }

    // What Windows' editors and shells write is UTF-16, with a mark or without: then every second byte of what lspci prints is 0.
    private static Encoding? EncodingOf(ReadOnlySpan<byte> content)
    {
        const int Enough = 32;
        if (content.Length % 2 == 0 && content.Length >= Enough)
        {
            bool isMarkedLittle = content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]);
            bool isMarkedBig = content.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]);
            ReadOnlySpan<byte> text = content[(isMarkedLittle || isMarkedBig ? 2 : 0)..];
            if (!isMarkedBig && IsWide(text[..(Enough - 2)], 0))
            {
                return Encoding.Unicode;
            }

            if (!isMarkedLittle && IsWide(text[..(Enough - 2)], 1))
            {
                return Encoding.BigEndianUnicode;
            }
        }

        return IsText(content) ? Encoding.UTF8 : null;
    }

    private static bool IsWide(ReadOnlySpan<byte> content, int character)
    {
        for (int i = 0; i < content.Length; i += 2)
        {
            byte one = content[i + character];
            if (content[i + 1 - character] != 0 || one >= 0x7F || (one < 0x20 && one is not ((byte)'\t' or (byte)'\r' or (byte)'\n')))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The function at an address.</summary>
    /// <param name="address">The address.</param>
    /// <returns>The function, or null when the capture has none there.</returns>
    public CapturedConfig? Find(PciAddress address)
    {
        foreach (CapturedConfig function in Functions)
        {
            if (function.Address == address)
            {
                return function;
            }
        }

        return null;
    }

    // Editors on other systems put one first.
    private const char ByteOrderMark = '\uFEFF';

    // A configuration space has zero bytes (reserved registers); a text has no control characters but these.
    private static bool IsText(ReadOnlySpan<byte> content)
    {
        int high = 0;
        foreach (byte b in content)
        {
            if (b < 0x20 && b is not ((byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'\f'))
            {
                return false;
            }

            if (b >= 0x80)
            {
                high++;
            }
        }

        return high < content.Length / 2;
    }
}
