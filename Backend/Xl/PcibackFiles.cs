using System.Text;
using PciBackFlow.Hardware.Fuse;
using PciBackFlow.Hardware.Linux;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Xl;

/// <summary>
/// Answers the kernel's requests for one flat directory: pciback's attributes and, for each held device, a link of its address. Numbers of nodes are
/// computed, not remembered: attributes from 2 on, devices from their address. One thread asks, except for writes, which any thread may.
/// </summary>
internal sealed class PcibackFiles(PcibackAttributes attributes)
{
    private const ulong FirstAttribute = 2;
    private const ulong DeviceBit = 1UL << 56;
    private const uint WriteOnly = 0x80; // S_IWUSR
    private const uint ReadOnly = 0x124; // S_IRUGO
    private const uint AnyAccess = 0x1FF;
    private const uint Executable = 0x49; // S_IXUGO
    private const uint AccessMask = 3; // O_ACCMODE
    private const uint ForWriting = 1; // O_WRONLY
    private const uint ForReading = 0; // O_RDONLY
    private const int PageSize = 4096; // every attribute's size in sysfs
    private const int MaxOpen = 1024;

    // What a reader sees stays as it was when he opened the file, however many reads he needs.
    private readonly Dictionary<ulong, byte[]> _open = [];
    private ulong _nextHandle = 1;

    /// <summary>Answers one request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reply">At least <see cref="FuseConnection.BufferSize"/> bytes.</param>
    /// <returns>The answer's length; 0 when none is wanted.</returns>
    public int Answer(in FuseRequest request, Span<byte> reply) => request.Opcode switch
    {
        FuseOpcode.Init when request.MajorVersion == 7 => FuseReply.Init(reply, request.Unique, FuseConnection.MaxWrite),
        FuseOpcode.Lookup => LookUp(request, reply),
        FuseOpcode.GetAttributes or FuseOpcode.SetAttributes => GetAttributes(request, reply),
        FuseOpcode.ReadLink => ReadLink(request, reply),
        FuseOpcode.Open => Open(request, reply),
        FuseOpcode.OpenDirectory => OpenDirectory(request, reply),
        FuseOpcode.Read => Read(request, reply),
        FuseOpcode.ReadDirectory => ReadDirectory(request, reply),
        FuseOpcode.Write => Write(request, reply),
        FuseOpcode.StatFileSystem => FuseReply.FileSystem(reply, request.Unique),
        FuseOpcode.Release or FuseOpcode.ReleaseDirectory => Release(request, reply),
        FuseOpcode.Destroy => FuseReply.Error(reply, request.Unique, Errno.None),
        FuseOpcode.Forget or FuseOpcode.BatchForget or FuseOpcode.Interrupt => 0,
        _ => FuseReply.Error(reply, request.Unique, Errno.ENOSYS),
    };

    private int LookUp(in FuseRequest request, Span<byte> reply)
    {
        string name = Encoding.UTF8.GetString(request.Name);
        for (int i = 0; i < attributes.All.Count; i++)
        {
            if (attributes.All[i].Name == name)
            {
                return FuseReply.Entry(reply, request.Unique, Node(FirstAttribute + (ulong)i)!.Value);
            }
        }

        // The name must be the address as it is printed: a directory has no second spelling.
        return PciAddress.TryParse(name, out PciAddress address) && address.ToString() == name && Node(NumberOf(address)) is { } node
            ? FuseReply.Entry(reply, request.Unique, node)
            : FuseReply.Error(reply, request.Unique, Errno.ENOENT);
    }

    // Setting attributes changes none: O_TRUNC before a write is what a shell does to sysfs, too.
    private int GetAttributes(in FuseRequest request, Span<byte> reply) => Node(request.Node) is { } node
        ? FuseReply.Attributes(reply, request.Unique, node)
        : FuseReply.Error(reply, request.Unique, Errno.ENOENT);

    private static int ReadLink(in FuseRequest request, Span<byte> reply) => DeviceOf(request.Node) is { } address
        ? FuseReply.Data(reply, request.Unique, Encoding.ASCII.GetBytes(LinkOf(address)))
        : FuseReply.Error(reply, request.Unique, Errno.EINVAL);

    private int Open(in FuseRequest request, Span<byte> reply)
    {
        if (AttributeOf(request.Node) is not { } attribute)
        {
            return FuseReply.Error(reply, request.Unique, Errno.ENOENT);
        }

        bool reads = (request.OpenFlags & AccessMask) != ForWriting;
        bool writes = (request.OpenFlags & AccessMask) != ForReading;
        if ((reads && attribute.Read is null) || (writes && attribute.Write is null))
        {
            return FuseReply.Error(reply, request.Unique, Errno.EACCES);
        }

        return reads ? Remember(request, Encoding.ASCII.GetBytes(attribute.Read!()), reply) : FuseReply.Opened(reply, request.Unique, handle: 0);
    }

    private int OpenDirectory(in FuseRequest request, Span<byte> reply)
    {
        byte[] entries = new byte[(attributes.All.Count + attributes.Held().Count + 2) * 64];
        int length = 0;
        ulong number = 0;
        Append(".", Node(FuseNode.RootId)!.Value);
        Append("..", Node(FuseNode.RootId)!.Value);
        for (int i = 0; i < attributes.All.Count; i++)
        {
            Append(attributes.All[i].Name, Node(FirstAttribute + (ulong)i)!.Value);
        }

        foreach (PciAddress address in attributes.Held())
        {
            Append(address.ToString(), LinkNode(address));
        }

        return Remember(request, entries[..length], reply);

        void Append(string name, in FuseNode node) => length += FuseReply.AppendEntry(entries.AsSpan(length), ++number, node, Encoding.ASCII.GetBytes(name));
    }

    private int Remember(in FuseRequest request, byte[] content, Span<byte> reply)
    {
        if (_open.Count >= MaxOpen)
        {
            return FuseReply.Error(reply, request.Unique, Errno.ENOMEM);
        }

        _open.Add(_nextHandle, content);
        return FuseReply.Opened(reply, request.Unique, _nextHandle++);
    }

    private int Read(in FuseRequest request, Span<byte> reply)
    {
        ReadOnlySpan<byte> content = _open.GetValueOrDefault(request.Handle);
        content = request.Offset < (ulong)content.Length ? content[(int)request.Offset..] : default;
        return FuseReply.Data(reply, request.Unique, content[..Math.Min(content.Length, Room(request, reply))]);
    }

    // Entries are numbered from 1; the request's offset is the number of the last one that was taken.
    private int ReadDirectory(in FuseRequest request, Span<byte> reply)
    {
        const int LengthAt = 16;
        const int NumberAt = 8;
        const int NameAt = 24;
        ReadOnlySpan<byte> entries = _open.GetValueOrDefault(request.Handle);
        Span<byte> body = reply.Slice(FuseReply.HeaderSize, Room(request, reply));
        int used = 0;
        while (entries.Length > 0)
        {
            int length = (NameAt + BitConverter.ToInt32(entries[LengthAt..]) + 7) & ~7;
            if (BitConverter.ToUInt64(entries[NumberAt..]) > request.Offset)
            {
                if (used + length > body.Length)
                {
                    break;
                }

                entries[..length].CopyTo(body[used..]);
                used += length;
            }

            entries = entries[length..];
        }

        return FuseReply.Header(reply, request.Unique, used);
    }

    private int Write(in FuseRequest request, Span<byte> reply)
    {
        if (AttributeOf(request.Node) is not { Write: not null } attribute)
        {
            return FuseReply.Error(reply, request.Unique, Errno.EACCES);
        }

        Errno error = attributes.Write(attribute, Encoding.ASCII.GetString(request.Data));
        return error == Errno.None ? FuseReply.Written(reply, request.Unique, request.Data.Length) : FuseReply.Error(reply, request.Unique, error);
    }

    private int Release(in FuseRequest request, Span<byte> reply)
    {
        _open.Remove(request.Handle);
        return FuseReply.Error(reply, request.Unique, Errno.None);
    }

    private FuseNode? Node(ulong id)
    {
        if (id == FuseNode.RootId)
        {
            return new(id, FuseNode.Directory | ReadOnly | Executable | WriteOnly, 0);
        }

        if (AttributeOf(id) is { } attribute)
        {
            return new(id, FuseNode.File | (attribute.Read is null ? 0 : ReadOnly) | (attribute.Write is null ? 0 : WriteOnly), PageSize);
        }

        return DeviceOf(id) is { } address && attributes.IsHeld(address) ? LinkNode(address) : null;
    }

    private PcibackAttribute? AttributeOf(ulong id) =>
        id - FirstAttribute < (ulong)attributes.All.Count ? attributes.All[(int)(id - FirstAttribute)] : null;

    private static FuseNode LinkNode(PciAddress address) =>
        new(NumberOf(address), FuseNode.Link | AnyAccess, (ulong)LinkOf(address).Length);

    private static string LinkOf(PciAddress address) => $"/sys/bus/pci/devices/{address}";

    private static ulong NumberOf(PciAddress address) => DeviceBit | ((ulong)address.Domain << 16) | ((ulong)address.Bus << 8) | address.Devfn;

    private static PciAddress? DeviceOf(ulong id) =>
        (id & DeviceBit) != 0 ? PciAddress.FromDevfn((uint)(id >> 16), (byte)(id >> 8), (byte)id) : null;

    private static int Room(in FuseRequest request, Span<byte> reply) => (int)Math.Min(request.Size, (uint)(reply.Length - FuseReply.HeaderSize));
}
