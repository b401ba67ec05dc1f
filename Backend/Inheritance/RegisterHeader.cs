using System.Buffers.Binary;
using System.Text;
using PciBackFlow.Backend.Domains;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Inheritance;

/// <summary>
/// Whose registers a file holds. Little-endian, <see cref="Size"/> bytes, the words behind it. A later program may make the header longer: who reads it takes
/// what it knows and goes to the words by the header's own length.
/// </summary>
/// <param name="Boot">The host's boot, as a UUID.</param>
/// <param name="Life">The guest.</param>
/// <param name="Host">The host's function.</param>
/// <param name="Guest">Where the guest sees it.</param>
/// <param name="ConfigSize">Length of its configuration space in bytes: 64, 256 or 4096.</param>
internal readonly record struct RegisterHeader(Guid Boot, DomainLife Life, PciAddress Host, PciAddress Guest, int ConfigSize)
{
    /// <summary>The form that this program writes, and the only one it reads.</summary>
    public const uint Format = 1;

    /// <summary>What this program writes.</summary>
    public const int Size = 96;

    /// <summary>What is taken for a header at most.</summary>
    public const int MaxSize = 4096;

    private const int FormatAt = 8;
    private const int SizeAt = 12;
    private const int DomainAt = 16;
    private const int ConfigSizeAt = 20;
    private const int HandleAt = 24;
    private const int BootAt = 40;
    private const int HostAt = 56;
    private const int GuestAt = 72;

    private static ReadOnlySpan<byte> Magic => "PCIBFREG"u8;

    /// <summary>Writes it.</summary>
    /// <param name="to">At least <see cref="Size"/> bytes, zeroed.</param>
    public void Write(Span<byte> to)
    {
        Magic.CopyTo(to);
        BinaryPrimitives.WriteUInt32LittleEndian(to[FormatAt..], Format);
        BinaryPrimitives.WriteUInt32LittleEndian(to[SizeAt..], Size);
        BinaryPrimitives.WriteInt32LittleEndian(to[DomainAt..], Life.DomainId);
        BinaryPrimitives.WriteInt32LittleEndian(to[ConfigSizeAt..], ConfigSize);
        Life.Handle.TryWriteBytes(to[HandleAt..]);
        Boot.TryWriteBytes(to[BootAt..]);
        WriteAddress(to[HostAt..], Host);
        WriteAddress(to[GuestAt..], Guest);
    }

    /// <summary>Reads one.</summary>
    /// <param name="from">The file's bytes.</param>
    /// <param name="header">Whose registers they are.</param>
    /// <param name="size">The header's length: where the words begin, a multiple of 4.</param>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? Read(ReadOnlySpan<byte> from, out RegisterHeader header, out int size)
    {
        header = default;
        size = 0;
        if (from.Length < Size || !from.StartsWith(Magic))
        {
            return "it is no register file";
        }

        uint format = BinaryPrimitives.ReadUInt32LittleEndian(from[FormatAt..]);
        if (format != Format)
        {
            return $"format {format} is not known, only {Format}";
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(from[SizeAt..]);
        if (length is < Size or > MaxSize || length % sizeof(uint) != 0)
        {
            return $"its header cannot have {length} bytes";
        }

        if (ReadAddress(from[HostAt..]) is not { } host || ReadAddress(from[GuestAt..]) is not { } guest)
        {
            return "it names no PCI address";
        }

        size = (int)length;
        header = new(
            new(from.Slice(BootAt, 16)),
            new(BinaryPrimitives.ReadInt32LittleEndian(from[DomainAt..]), new(from.Slice(HandleAt, 16))),
            host,
            guest,
            BinaryPrimitives.ReadInt32LittleEndian(from[ConfigSizeAt..]));
        return null;
    }

    // As text, which has room for every segment: dddddddd:bb:ss.f and zeros.
    private static void WriteAddress(Span<byte> to, PciAddress address) => Encoding.ASCII.GetBytes(address.ToString(), to[..16]);

    private static PciAddress? ReadAddress(ReadOnlySpan<byte> from) =>
        PciAddress.TryParse(Encoding.ASCII.GetString(from[..16].TrimEnd((byte)0)), out PciAddress address) ? address : null;
}
