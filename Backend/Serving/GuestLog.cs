using Microsoft.Extensions.Logging;
using PciBackFlow.Backend.Guests;
using PciBackFlow.Backend.Xenstore;

namespace PciBackFlow.Backend.Serving;

/// <summary>Every line the control plane writes about guests.</summary>
internal static partial class GuestLog
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "domain {DomainId}: backend state {Previous} -> {Next}")]
    public static partial void StateSwitched(ILogger logger, int domainId, XenbusState previous, XenbusState next);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "domain {DomainId}: {Host} given as {Guest}")]
    public static partial void FunctionGiven(ILogger logger, int domainId, Pci.PciAddress host, Pci.PciAddress guest);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message = "domain {DomainId}: {Host} taken back")]
    public static partial void FunctionTakenBack(ILogger logger, int domainId, Pci.PciAddress host);

    [LoggerMessage(EventId = 5, Level = LogLevel.Information, Message = "domain {DomainId}: served by shard {Shard}, port {Port}")]
    public static partial void Attached(ILogger logger, int domainId, int shard, int port);

    [LoggerMessage(EventId = 6, Level = LogLevel.Error, Message = "domain {DomainId}: life cycle failed")]
    public static partial void Failed(ILogger logger, int domainId, Exception exception);

    [LoggerMessage(EventId = 8, Level = LogLevel.Warning, Message = "guests get no MSI or MSI-X: {Reason}")]
    public static partial void NoInterrupts(ILogger logger, string reason);

    [LoggerMessage(EventId = 13, Level = LogLevel.Information, Message = "the way to the guests could not be gone before they wait: {Reason}")]
    public static partial void NotRehearsed(ILogger logger, string reason);

    [LoggerMessage(EventId = 9, Level = LogLevel.Warning, Message = "guests could not be listed, again in a second: {Reason}")]
    public static partial void NotListed(ILogger logger, string reason);

    [LoggerMessage(
        EventId = 10, Level = LogLevel.Warning,
        Message = "domain {DomainId}: {Count} further changes of state were not logged: its frontend connects and closes without pause")]
    public static partial void StatesNotLogged(ILogger logger, int domainId, long count);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "domain {DomainId}: {Host} is under another policy now: {Profile}")]
    public static partial void PolicyChanged(ILogger logger, int domainId, Pci.PciAddress host, Filter.Policy.PolicyProfile profile);

    [LoggerMessage(
        EventId = 12, Level = LogLevel.Warning,
        Message = "domain {DomainId}: {Host} does not answer any more: it was unplugged, has no power, or has failed")]
    public static partial void FunctionLost(ILogger logger, int domainId, Pci.PciAddress host);
}
