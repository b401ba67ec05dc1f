using PciBackFlow.Hardware.Hypervisor;

namespace PciBackFlow.Backend.Xenstore;

/// <summary>A store's or a transaction's accesses, each handed on to another one as it is. What stands before a store overrides what it minds.</summary>
internal abstract class ForwardingAccess : IXenStoreAccess
{
    public virtual string? Read(string path) => Next().Read(path);

    public virtual IReadOnlyList<string>? Directory(string path) => Next().Directory(path);

    public void Write(string path, string value)
    {
        Next().Write(path, value);
        NoteChange(path);
    }

    public void MakeDirectory(string path)
    {
        Next().MakeDirectory(path);
        NoteChange(path);
    }

    public void Remove(string path)
    {
        Next().Remove(path);
        NoteChange(path);
    }

    public IReadOnlyList<XenStorePermission>? GetPermissions(string path) => Next().GetPermissions(path);

    public void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions) => Next().SetPermissions(path, permissions);

    /// <summary>Whose turn it is; asked once for each access.</summary>
    protected abstract IXenStoreAccess Next();

    /// <summary>A node was written, made or removed.</summary>
    /// <param name="path">The node.</param>
    protected virtual void NoteChange(string path)
    {
    }
}
