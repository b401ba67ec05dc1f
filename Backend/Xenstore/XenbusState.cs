namespace PciBackFlow.Backend.Xenstore;

/// <summary>The number in a <c>state</c> key (Xen public header <c>io/xenbus.h</c>). Written as decimal ASCII.</summary>
public enum XenbusState
{
    /// <summary>Not one of the protocol's numbers; never written, and ignored where a guest wrote it.</summary>
    Invalid = -1,

    /// <summary>No such key.</summary>
    Unknown = 0,

    /// <summary>Just created.</summary>
    Initialising = 1,

    /// <summary>The backend has seen the node.</summary>
    InitWait = 2,

    /// <summary>Backend: devices and roots are published. Frontend: page, port and magic are published.</summary>
    Initialised = 3,

    /// <summary>Serving.</summary>
    Connected = 4,

    /// <summary>Going away.</summary>
    Closing = 5,

    /// <summary>Gone; nothing is mapped or bound.</summary>
    Closed = 6,

    /// <summary>The toolstack adds or removes devices (it writes this into the backend's key; the frontend echoes it).</summary>
    Reconfiguring = 7,

    /// <summary>The backend has added and removed them.</summary>
    Reconfigured = 8,
}
