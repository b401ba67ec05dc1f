namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>The operations that a xenstore connection and a transaction share. Paths are absolute, or relative to <c>/local/domain/OWN</c>.</summary>
public interface IXenStoreAccess
{
    /// <summary>Reads a node.</summary>
    /// <param name="path">The node.</param>
    /// <returns>Its value, or null when it does not exist.</returns>
    /// <exception cref="HypervisorException">EACCES, EINVAL (malformed path).</exception>
    string? Read(string path);

    /// <summary>Lists a node's children.</summary>
    /// <param name="path">The node.</param>
    /// <returns>The children's names, or null when the node does not exist.</returns>
    /// <exception cref="HypervisorException">EACCES, EINVAL.</exception>
    IReadOnlyList<string>? Directory(string path);

    /// <summary>Writes a node, creating it and its parents when absent.</summary>
    /// <param name="path">The node.</param>
    /// <param name="value">Its new value.</param>
    /// <exception cref="HypervisorException">EACCES, EINVAL, E2BIG, ENOSPC.</exception>
    void Write(string path, string value);

    /// <summary>Creates an empty node and its parents; does nothing when it exists.</summary>
    /// <param name="path">The node.</param>
    /// <exception cref="HypervisorException">EACCES, EINVAL.</exception>
    void MakeDirectory(string path);

    /// <summary>Removes a node and everything below it; does nothing when it is absent.</summary>
    /// <param name="path">The node.</param>
    /// <exception cref="HypervisorException">EACCES, EINVAL, ENOENT (its parent is absent).</exception>
    void Remove(string path);

    /// <summary>Reads a node's permissions.</summary>
    /// <param name="path">The node.</param>
    /// <returns>The list, first entry the owner; null when the node does not exist.</returns>
    /// <exception cref="HypervisorException">EACCES, EINVAL.</exception>
    IReadOnlyList<XenStorePermission>? GetPermissions(string path);

    /// <summary>Replaces a node's permissions.</summary>
    /// <param name="path">The node.</param>
    /// <param name="permissions">The list: first the owner, whose access is everybody else's default.</param>
    /// <exception cref="HypervisorException">EACCES, EINVAL, ENOENT.</exception>
    void SetPermissions(string path, IReadOnlyList<XenStorePermission> permissions);
}
