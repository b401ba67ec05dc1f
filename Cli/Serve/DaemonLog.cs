using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// One line for each message: with the syslog level that journald reads (sd-daemon(3), <c>&lt;3&gt;</c> to <c>&lt;7&gt;</c>) under systemd, in words elsewhere.
/// An exception is its message: where it happened is shown with PCIBACKFLOW_DEBUG=1.
/// </summary>
internal sealed class DaemonLog(bool isJournal) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "daemon";

    private readonly bool _traces = StackTraces.AreWanted;

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        if (logEntry.Exception is { } failure && !message.Contains(failure.Message, StringComparison.Ordinal))
        {
            message = $"{message}: {failure.Message}";
        }

        if (isJournal)
        {
            textWriter.Write(string.Create(CultureInfo.InvariantCulture, $"<{SyslogLevel(logEntry.LogLevel)}>"));
        }
        else
        {
            textWriter.Write($"pcibackflow: {Word(logEntry.LogLevel)}");
        }

        textWriter.Write(message.ReplaceLineEndings(" "));
        textWriter.Write('\n');
        if (_traces && logEntry.Exception is { } traced)
        {
            textWriter.Write($"{traced}\n");
        }
    }

    private static int SyslogLevel(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Critical or LogLevel.Error => "error: ",
        LogLevel.Warning => "warning: ",
        LogLevel.Information => string.Empty,
        _ => "debug: ",
    };
}
