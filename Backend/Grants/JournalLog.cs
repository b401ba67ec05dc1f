using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Grants;

/// <summary>The journal's lines.</summary>
internal static partial class JournalLog
{
    [LoggerMessage(EventId = 40, Level = LogLevel.Warning,
        Message = "{Path}: {Count} damaged records ignored; what they granted may have to be revoked by hand")]
    public static partial void Damaged(ILogger logger, string path, int count);

    [LoggerMessage(EventId = 41, Level = LogLevel.Information, Message = "{Path}: {Count} open grants of this boot")]
    public static partial void Opened(ILogger logger, string path, int count);
}
