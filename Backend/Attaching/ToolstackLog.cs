using Microsoft.Extensions.Logging;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Attaching;

/// <summary>The lines of the toolstack's half.</summary>
internal static partial class ToolstackLog
{
    [LoggerMessage(EventId = 60, Level = LogLevel.Information, Message = "domain {DomainId}: {Device} granted and offered")]
    public static partial void Offered(ILogger logger, int domainId, PciAddress device);

    [LoggerMessage(EventId = 62, Level = LogLevel.Warning,
        Message = "domain {DomainId}: {Device} was attached by xl: the guest let go of it, "
            + "but xl's grants and the assignment stay until xl or the guest's end revokes them")]
    public static partial void NotOurs(ILogger logger, int domainId, PciAddress device);

    [LoggerMessage(EventId = 64, Level = LogLevel.Warning,
        Message = "domain {DomainId}: {Device} is not reset after {Seconds} s; it is isolated by the IOMMU and goes on being reset")]
    public static partial void SlowReset(ILogger logger, int domainId, PciAddress device, double seconds);

    [LoggerMessage(EventId = 65, Level = LogLevel.Warning, Message = "domain {DomainId}: {Device} taken by force")]
    public static partial void Forced(ILogger logger, int domainId, PciAddress device);

    [LoggerMessage(EventId = 66, Level = LogLevel.Information, Message = "domain {DomainId}: is back as a new domain; {Device} is attached again")]
    public static partial void AttachedAgain(ILogger logger, int domainId, PciAddress device);

    [LoggerMessage(EventId = 67, Level = LogLevel.Error, Message = "domain {DomainId}: {Spec} could not be attached again")]
    public static partial void NotAttachedAgain(ILogger logger, int domainId, string spec, Exception exception);

    [LoggerMessage(EventId = 68, Level = LogLevel.Error, Message = "domain {DomainId}: its devices could not be taken back; tried again with its next event")]
    public static partial void NotSettled(ILogger logger, int domainId, Exception exception);

    [LoggerMessage(EventId = 69, Level = LogLevel.Information, Message = "domain {DomainId}: {Device}: an interrupted attach or detach was {Outcome}")]
    public static partial void Recovered(ILogger logger, int domainId, PciAddress device, string outcome);

    [LoggerMessage(EventId = 78, Level = LogLevel.Warning,
        Message = "domain {DomainId}: {Device}: an interrupted attach or detach is not ended yet, and is tried again with the guest's next event: {Reason}")]
    public static partial void StillInterrupted(ILogger logger, int domainId, PciAddress device, string reason);

    [LoggerMessage(EventId = 70, Level = LogLevel.Error, Message = "the domains could not be looked at")]
    public static partial void LookFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 71, Level = LogLevel.Error,
        Message = "domain {DomainId}: {Device} could not be stopped before it is revoked; it is isolated by the IOMMU: {Reason}")]
    public static partial void NotQuiet(ILogger logger, int domainId, PciAddress device, string reason);

    [LoggerMessage(EventId = 76, Level = LogLevel.Warning, Message = "domain {DomainId}: gets {Device} all the same: {Reason}")]
    public static partial void GivenAllTheSame(ILogger logger, int domainId, PciAddress device, string reason);

    [LoggerMessage(EventId = 75, Level = LogLevel.Error,
        Message = "domain {DomainId}: what an earlier daemon left half done cannot be looked at yet; tried again")]
    public static partial void NotRecovered(ILogger logger, int domainId, Exception exception);
}
