using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Xl;

/// <summary>Every line about the directory that stands for pciback's.</summary>
internal static partial class PcibackLog
{
    [LoggerMessage(EventId = 300, Level = LogLevel.Information, Message = "pciback directory served at {Directory}")]
    public static partial void Served(ILogger logger, string directory);

    [LoggerMessage(EventId = 301, Level = LogLevel.Information, Message = "pciback/{Attribute}: {Text}")]
    public static partial void Done(ILogger logger, string attribute, string text);

    [LoggerMessage(EventId = 302, Level = LogLevel.Warning, Message = "pciback/{Attribute}: '{Text}' refused: {Reason}")]
    public static partial void Refused(ILogger logger, string attribute, string text, string reason);

    [LoggerMessage(EventId = 303, Level = LogLevel.Error, Message = "pciback/{Attribute}: '{Text}' failed")]
    public static partial void Failed(ILogger logger, string attribute, string text, Exception exception);

    [LoggerMessage(EventId = 304, Level = LogLevel.Error, Message = "pciback directory cannot be read")]
    public static partial void Unreadable(ILogger logger, Exception exception);
}
