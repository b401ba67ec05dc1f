namespace PciBackFlow.Backend.Slots;

/// <summary>How host addresses become guest addresses.</summary>
public enum SlotMode : byte
{
    /// <summary>One virtual root bus 0000:00 with 32 slots. The default.</summary>
    Vpci = 0,

    /// <summary>The guest sees the host's addresses.</summary>
    Passthrough = 1,
}
