using Microsoft.Extensions.Logging;
using PciBackFlow.Pci;

namespace PciBackFlow.Backend.Devices.Taking;

/// <summary>Every line the custody of devices writes.</summary>
internal static partial class CustodyLog
{
    [LoggerMessage(EventId = 100, Level = LogLevel.Information, Message = "{Device}: taken from {Driver}")]
    public static partial void Taken(ILogger logger, PciAddress device, string driver);

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "{Device}: {Warning}")]
    public static partial void Warning(ILogger logger, PciAddress device, string warning);

    [LoggerMessage(EventId = 102, Level = LogLevel.Information, Message = "{Device}: given back")]
    public static partial void GivenBack(ILogger logger, PciAddress device);

    [LoggerMessage(EventId = 103, Level = LogLevel.Error, Message = "{Device}: no guest can have it: {Reason}")]
    public static partial void Unusable(ILogger logger, PciAddress device, string reason);

    [LoggerMessage(EventId = 104, Level = LogLevel.Information, Message = "{Device}: still held from before")]
    public static partial void StillHeld(ILogger logger, PciAddress device);

    [LoggerMessage(EventId = 105, Level = LogLevel.Warning, Message = "{Device}: {Reason}")]
    public static partial void NotHeld(ILogger logger, PciAddress device, string reason);

    [LoggerMessage(
        EventId = 106, Level = LogLevel.Information,
        Message = "{Device}: nobody here serves it, and its guest is losing it: it is stopped and reset")]
    public static partial void MadeQuiet(ILogger logger, PciAddress device);
}
