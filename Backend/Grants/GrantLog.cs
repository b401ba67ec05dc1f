using Microsoft.Extensions.Logging;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Grants;

/// <summary>The lines of granting and revoking.</summary>
internal static partial class GrantLog
{
    [LoggerMessage(EventId = 61, Level = LogLevel.Information, Message = "domain {DomainId}: {Device} revoked")]
    public static partial void Revoked(ILogger logger, int domainId, PciAddress device);

    [LoggerMessage(EventId = 63, Level = LogLevel.Error, Message = "domain {DomainId}: {Device}: {Kind} could not be revoked; it stays in the journal")]
    public static partial void NotRevoked(ILogger logger, int domainId, PciAddress device, GrantKind kind, Exception exception);

    [LoggerMessage(EventId = 72, Level = LogLevel.Warning,
        Message = "domain {DomainId}: {Device}: a daemon was killed while it mapped messages; those it did not write down stay mapped until the guest ends")]
    public static partial void UnknownMessages(ILogger logger, int domainId, PciAddress device);

    [LoggerMessage(EventId = 73, Level = LogLevel.Warning,
        Message = "domain {DomainId} is paused, by a daemon that was killed or by somebody else: nobody knows, so it stays so; "
            + "xl unpause {DomainId} lets it go")]
    public static partial void PausedBySomebody(ILogger logger, int domainId);

    [LoggerMessage(EventId = 77, Level = LogLevel.Warning, Message = "domain {DomainId}: xl gave it {Device}, and did not ask: {Reason}")]
    public static partial void GivenByXl(ILogger logger, int domainId, PciAddress device, string reason);

    [LoggerMessage(EventId = 74, Level = LogLevel.Warning, Message = "domain {DomainId} is let go, but the journal cannot be written: {Reason}")]
    public static partial void PauseNotNoted(ILogger logger, int domainId, string reason);
}
