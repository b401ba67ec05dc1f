using System.Globalization;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>The requests that may be part of a transaction, on behalf of one or of none. Thread-safe.</summary>
internal sealed class XenStoreOperations : IXenStoreAccess
{
    // A directory that changes between its parts is begun again; one that always does is not worth more.
    private const int MostAttempts = 100;

    private readonly XenStoreConnection _connection;
    private readonly uint _transaction;

    /// <summary>Creates the operations.</summary>
    /// <param name="connection">Where they are sent.</param>
    /// <param name="transaction">The transaction's id; 0 for none.</param>
    internal XenStoreOperations(XenStoreConnection connection, uint transaction)
    {
        _connection = connection;
        _transaction = transaction;
    }

    /// <inheritdoc/>
    public string? Read(string path) =>
        Find(XenStoreMessageType.Read, path) is { } payload ? XenStoreWire.DecodeValue(payload.Span) : null;

    /// <inheritdoc/>
    public IReadOnlyList<string>? Directory(string path)
    {
        XenStoreReply reply = Ask(XenStoreMessageType.Directory, path, XenStoreWire.Strings(path));
        return reply.Errno switch
        {
            Errno.None => XenStoreWire.DecodeStrings(reply.Payload.Span),
            Errno.ENOENT => null,
            Errno.E2BIG => DirectoryInParts(path),
            Errno errno => throw Refused(XenStoreMessageType.Directory, path, errno),
        };
    }

    /// <inheritdoc/>
    public void Write(string path, string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Do(XenStoreMessageType.Write, path, XenStoreWire.PathAndValue(path, value));
    }

    /// <inheritdoc/>
    public void MakeDirectory(string path) => Do(XenStoreMessageType.MakeDirectory, path, XenStoreWire.Strings(path));

    /// <inheritdoc/>
    public void Remove(string path) => Do(XenStoreMessageType.Remove, path, XenStoreWire.Strings(path));

    /// <inheritdoc/>
    public IReadOnlyList<XenStorePermission>? GetPermissions(string path)
    {
        if (Find(XenStoreMessageType.GetPermissions, path) is not { } payload)
        {
            return null;
        }

        var permissions = new List<XenStorePermission>();
        foreach (string text in XenStoreWire.DecodeStrings(payload.Span))
        {
            if (!XenStoreWire.TryDecodePermission(text, out XenStorePermission permission))
            {
                throw Refused(XenStoreMessageType.GetPermissions, path, Errno.EIO);
            }

            permissions.Add(permission);
        }

        return permissions;
    }

    /// <inheritdoc/>
    public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions)
    {
        ArgumentNullException.ThrowIfNull(permissions);
        if (permissions.Count == 0)
        {
            throw new HypervisorException(Errno.EINVAL, $"{path}: a permission list names at least the owner");
        }

        Do(XenStoreMessageType.SetPermissions, path, XenStoreWire.Strings([path, .. permissions.Select(XenStoreWire.EncodePermission)]));
    }

    /// <summary>Ends the transaction.</summary>
    /// <returns>False: nothing was changed because of a conflict.</returns>
    /// <exception cref="HypervisorException">As <see cref="IXenStoreTransaction.Commit"/>.</exception>
    internal bool EndTransaction(bool commit)
    {
        XenStoreReply reply = _connection.Ask(XenStoreMessageType.TransactionEnd, _transaction, XenStoreWire.Strings(commit ? "T" : "F"));
        return reply.Errno switch
        {
            Errno.None => true,
            Errno.EAGAIN => false,
            Errno errno => throw new HypervisorException(errno, "xenstored refused to end a transaction"),
        };
    }

    /// <summary>A directory whose names don't fit one message: they come in parts, each with the directory's generation.</summary>
    private List<string>? DirectoryInParts(string path)
    {
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            var names = new List<string>();
            string? generation = null;
            int offset = 0;
            while (true)
            {
                string from = offset.ToString(CultureInfo.InvariantCulture);
                XenStoreReply reply = Ask(XenStoreMessageType.DirectoryPart, path, XenStoreWire.Strings(path, from));
                if (reply.Errno != Errno.None)
                {
                    // ENOSYS: a xenstored older than 4.9.
                    return reply.Errno == Errno.ENOENT
                        ? null
                        : throw Refused(XenStoreMessageType.DirectoryPart, path, reply.Errno == Errno.ENOSYS ? Errno.E2BIG : reply.Errno);
                }

                ReadOnlySpan<byte> payload = reply.Payload.Span;
                string now = XenStoreWire.TakeString(ref payload);
                if (generation is not null && now != generation)
                {
                    break;
                }

                generation = now;
                int before = names.Count;
                while (!payload.IsEmpty)
                {
                    int left = payload.Length;
                    string name = XenStoreWire.TakeString(ref payload);
                    if (name.Length == 0)
                    {
                        return names;
                    }

                    names.Add(name);
                    offset += left - payload.Length;
                }

                if (names.Count == before)
                {
                    throw Refused(XenStoreMessageType.DirectoryPart, path, Errno.EIO);
                }
            }
        }

        throw Refused(XenStoreMessageType.DirectoryPart, path, Errno.EAGAIN);
    }

    private ReadOnlyMemory<byte>? Find(XenStoreMessageType type, string path)
    {
        XenStoreReply reply = Ask(type, path, XenStoreWire.Strings(path));
        return reply.Errno switch
        {
            Errno.None => reply.Payload,

            // Not a bare null: that would become an empty payload.
            Errno.ENOENT => default(ReadOnlyMemory<byte>?),
            Errno errno => throw Refused(type, path, errno),
        };
    }

    private void Do(XenStoreMessageType type, string path, byte[] payload)
    {
        Errno errno = Ask(type, path, payload).Errno;
        if (errno != Errno.None)
        {
            throw Refused(type, path, errno);
        }
    }

    private XenStoreReply Ask(XenStoreMessageType type, string path, byte[] payload)
    {
        _connection.Check(path);
        return _connection.Ask(type, _transaction, payload);
    }

    private static HypervisorException Refused(XenStoreMessageType type, string path, Errno errno) =>
        new(errno, $"xenstored refused {type} {(path.Length > 200 ? path[..200] + "…" : path)}");
}
