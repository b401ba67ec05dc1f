namespace PciBackFlow.Hardware.Hypervisor.Xen.Store;

/// <summary>Message types of the xenstore protocol (xen/include/public/io/xs_wire.h): those a client uses. Others may come and are of no interest.</summary>
public enum XenStoreMessageType : uint
{
    /// <summary>path → children, each with NUL.</summary>
    Directory = 1,

    /// <summary>path → the value.</summary>
    Read = 2,

    /// <summary>path → permissions, each with NUL.</summary>
    GetPermissions = 3,

    /// <summary>path, token → OK.</summary>
    Watch = 4,

    /// <summary>path, token → OK.</summary>
    Unwatch = 5,

    /// <summary>an empty string → the transaction's id in decimal.</summary>
    TransactionStart = 6,

    /// <summary><c>T</c> commits, <c>F</c> aborts → OK.</summary>
    TransactionEnd = 7,

    /// <summary>path, and the value without NUL → OK.</summary>
    Write = 11,

    /// <summary>path → OK.</summary>
    MakeDirectory = 12,

    /// <summary>path → OK.</summary>
    Remove = 13,

    /// <summary>path, permissions → OK.</summary>
    SetPermissions = 14,

    /// <summary>From xenstored alone: path, token.</summary>
    WatchEvent = 15,

    /// <summary>From xenstored alone: the name of an errno.</summary>
    Error = 16,

    /// <summary>path, offset in decimal → generation, then children; an empty string after the last.</summary>
    DirectoryPart = 22,
}
