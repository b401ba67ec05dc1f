namespace PciBackFlow.Perf.Frontends;

/// <summary>Whose frontend is simulated: they differ in how they wait, how wide they access and how they find their functions.</summary>
public enum FrontendKind
{
    /// <summary>Linux xen-pcifront: gives up after 2 s, clears the flag itself and uses the slot again; probes all 256 functions of a root.</summary>
    Linux = 0,

    /// <summary>NetBSD xpci: spins on the flag without limit, always four bytes, probes 32 slots with 8 functions each.</summary>
    NetBsd = 1,

    /// <summary>mini-os pcifront: sleeps until an event without limit, reads its functions from xenstore, closes and connects again.</summary>
    MiniOs = 2,
}
