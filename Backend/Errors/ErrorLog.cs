using Microsoft.Extensions.Logging;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Errors;

/// <summary>Every line about devices' errors.</summary>
internal static partial class ErrorLog
{
    [LoggerMessage(
        EventId = 121, Level = LogLevel.Warning,
        Message = "domain {DomainId}: {Device}: {Error}: {Outcome} (lines left out since the last: {Suppressed})")]
    public static partial void Ended(ILogger logger, int domainId, PciAddress device, ErrorText error, string outcome, long suppressed);

    [LoggerMessage(
        EventId = 122, Level = LogLevel.Warning,
        Message = "{Device}: {Error}; no guest that is served here has it (lines left out since the last: {Suppressed})")]
    public static partial void Nobodys(ILogger logger, PciAddress device, ErrorText error, long suppressed);

    [LoggerMessage(EventId = 123, Level = LogLevel.Information, Message = "{Device}: {Error} (lines left out since the last: {Suppressed})")]
    public static partial void Corrected(ILogger logger, PciAddress device, ErrorText error, long suppressed);

    [LoggerMessage(EventId = 124, Level = LogLevel.Warning, Message = "domain {DomainId}: {Devices}: what follows an error could not be done: {Reason}")]
    public static partial void RemedyFailed(ILogger logger, int domainId, string devices, string reason);

    [LoggerMessage(EventId = 125, Level = LogLevel.Warning, Message = "errors of devices: {Remark}")]
    public static partial void Remark(ILogger logger, string remark);

    [LoggerMessage(
        EventId = 129, Level = LogLevel.Warning,
        Message = "domain {DomainId}: the recovery of {Devices} stood at a step that is not known here ({Phase}, channel {Channel}): it begins anew")]
    public static partial void UnknownStep(ILogger logger, int domainId, IReadOnlyList<string> devices, string phase, int channel);

    [LoggerMessage(EventId = 126, Level = LogLevel.Error, Message = "domain {DomainId}: a recovery failed")]
    public static partial void Defect(ILogger logger, int domainId, Exception exception);

    [LoggerMessage(EventId = 128, Level = LogLevel.Error, Message = "{Device}: an error of it could not be dealt with")]
    public static partial void NotTaken(ILogger logger, PciAddress device, Exception exception);

    [LoggerMessage(
        EventId = 127, Level = LogLevel.Information,
        Message = "domain {DomainId}: a recovery of {Devices} that an earlier daemon began is brought to its end")]
    public static partial void Resumed(ILogger logger, int domainId, IReadOnlyList<string> devices);
}
