using PciBackFlow.Stages.Wire;

namespace PciBackFlow.Backend.Insight;

/// <summary>The page's status codes, for people.</summary>
public static class StatusNames
{
    /// <summary>A status by its name in Xen's public header, without prefix.</summary>
    /// <param name="status">The status.</param>
    /// <returns>The name.</returns>
    public static string Of(PciOpStatus status) => status switch
    {
        PciOpStatus.Success => "success",
        PciOpStatus.DeviceNotFound => "dev_not_found",
        PciOpStatus.InvalidOffset => "invalid_offset",
        PciOpStatus.AccessDenied => "access_denied",
        PciOpStatus.NotImplemented => "not_implemented",
        _ => "op_failed",
    };
}
