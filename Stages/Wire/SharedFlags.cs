namespace PciBackFlow.Stages.Wire;

/// <summary>Bits of <c>flags</c> (XEN_PCIF_* and XEN_PCIB_* of Xen's public header <c>io/pciif.h</c>). Both sides change them, so only atomically.</summary>
[Flags]
public enum SharedFlags : uint
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary><c>PCIF_active</c>: the frontend has filled <c>op</c>; the backend clears it after the answer, the frontend when it gives up.</summary>
    Active = 1,

    /// <summary><c>PCIB_AERHANDLER</c>: the frontend can serve recovery requests.</summary>
    AerHandler = 2,

    /// <summary><c>PCIB_active</c>: the backend has filled <c>aer_op</c>; the frontend clears it after its verdict.</summary>
    BackendActive = 4,
}
