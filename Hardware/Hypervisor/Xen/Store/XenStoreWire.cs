using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>
/// The xenstore wire protocol without input or output (xen/include/public/io/xs_wire.h, Xen docs/misc/xenstore.txt). All of its numbers are
/// little-endian on the machines Xen runs on.
/// <para>
/// A value is bytes. Here it is text in UTF-8, as toolstacks write it; bytes that are none become U+FFFD, so a guest's nonsense is read as
/// text that no parser of numbers or addresses takes, and never as an error. Paths, names and tokens are ASCII.
/// </para>
/// </summary>
public static class XenStoreWire
{
    /// <summary>Bytes before the payload: type, request id, transaction id and payload length, four bytes each.</summary>
    public const int HeaderBytes = 16;

    /// <summary>XENSTORE_PAYLOAD_MAX: bytes of a payload. Xenstored ends a connection that sends more.</summary>
    public const int MostPayload = 4096;

    /// <summary>
    /// Bytes of a request's payload: the kernel's buffer for <c>/dev/xen/xenbus</c> holds 4096 with the header (Linux
    /// drivers/xen/xenbus/xenbus_dev_frontend.c). A socket would take more; what works here works everywhere.
    /// </summary>
    public const int MostRequestPayload = MostPayload - HeaderBytes;

    /// <summary>A whole message.</summary>
    /// <param name="type">What is asked.</param>
    /// <param name="requestId">Comes back with the answer.</param>
    /// <param name="transactionId">The transaction, or 0.</param>
    /// <param name="payload">At most <see cref="MostRequestPayload"/> bytes.</param>
    /// <returns>Header and payload.</returns>
    /// <exception cref="HypervisorException">E2BIG: the payload is longer.</exception>
    public static byte[] Encode(XenStoreMessageType type, uint requestId, uint transactionId, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MostRequestPayload)
        {
            throw new HypervisorException(Errno.E2BIG, $"{payload.Length} bytes don't fit a xenstore message of {MostRequestPayload}");
        }

        byte[] message = new byte[HeaderBytes + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)type);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), requestId);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), transactionId);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(12), (uint)payload.Length);
        payload.CopyTo(message.AsSpan(HeaderBytes));
        return message;
    }

    /// <summary>Strings, each with its NUL.</summary>
    /// <param name="strings">Without NULs of their own.</param>
    /// <returns>The payload.</returns>
    public static byte[] Strings(params ReadOnlySpan<string> strings)
    {
        var payload = new ArrayBufferWriter<byte>();
        foreach (string text in strings)
        {
            Encoding.UTF8.GetBytes(text, payload);
            payload.Write<byte>([0]);
        }

        return payload.WrittenSpan.ToArray();
    }

    /// <summary>A path with its NUL, and a value without.</summary>
    /// <param name="path">The node.</param>
    /// <param name="value">Any text; NULs are part of it.</param>
    /// <returns>The payload of a write.</returns>
    public static byte[] PathAndValue(string path, string value)
    {
        var payload = new ArrayBufferWriter<byte>();
        Encoding.UTF8.GetBytes(path, payload);
        payload.Write<byte>([0]);
        Encoding.UTF8.GetBytes(value, payload);
        return payload.WrittenSpan.ToArray();
    }

    /// <summary>A value as text.</summary>
    /// <param name="payload">Any bytes.</param>
    /// <returns>Its characters; U+FFFD for what is not UTF-8.</returns>
    public static string DecodeValue(ReadOnlySpan<byte> payload) => Encoding.UTF8.GetString(payload);

    /// <summary>Takes one string with its NUL from the front; the last may lack it.</summary>
    /// <param name="payload">What is left; shortened by what was taken.</param>
    /// <returns>The string; empty when nothing is left.</returns>
    public static string TakeString(ref ReadOnlySpan<byte> payload)
    {
        int end = payload.IndexOf((byte)0);
        ReadOnlySpan<byte> text = end < 0 ? payload : payload[..end];
        payload = end < 0 ? [] : payload[(end + 1)..];
        return Encoding.UTF8.GetString(text);
    }

    /// <summary>All strings of a payload.</summary>
    /// <param name="payload">Strings, each with its NUL.</param>
    /// <returns>The strings; none for no bytes.</returns>
    public static IReadOnlyList<string> DecodeStrings(ReadOnlySpan<byte> payload)
    {
        var strings = new List<string>();
        while (!payload.IsEmpty)
        {
            strings.Add(TakeString(ref payload));
        }

        return strings;
    }

    /// <summary>The error an error message names.</summary>
    /// <param name="payload">What came.</param>
    /// <returns>The error; EIO for what names none.</returns>
    public static Errno DecodeError(ReadOnlySpan<byte> payload) => ErrnoNames.FromName(payload.Length > 32 ? "" : TakeString(ref payload));

    /// <summary>A permission as it is sent: a letter and a domain id.</summary>
    /// <param name="permission">The entry.</param>
    /// <returns>For example <c>n0</c>, <c>r7</c>.</returns>
    public static string EncodePermission(XenStorePermission permission)
    {
        char letter = permission.Access switch
        {
            XenStoreAccess.None => 'n',
            XenStoreAccess.Read => 'r',
            XenStoreAccess.Write => 'w',
            _ => 'b',
        };
        return string.Create(CultureInfo.InvariantCulture, $"{letter}{permission.DomainId}");
    }

    /// <summary>Reads a permission.</summary>
    /// <param name="text">A letter and a domain id.</param>
    /// <param name="permission">The entry.</param>
    /// <returns>False when the text is none.</returns>
    public static bool TryDecodePermission(string text, out XenStorePermission permission)
    {
        XenStoreAccess? access = text.Length == 0 ? null : text[0] switch
        {
            'n' => XenStoreAccess.None,
            'r' => XenStoreAccess.Read,
            'w' => XenStoreAccess.Write,
            'b' => XenStoreAccess.Both,
            _ => null,
        };
        permission = default;
        if (access is not { } known || !int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int domain))
        {
            return false;
        }

        permission = new XenStorePermission(domain, known);
        return true;
    }
}
