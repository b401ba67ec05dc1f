using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace PciBackFlow.Cli.Serve;

/// <summary>
/// The daemon's log on standard error. Made by hand: <c>LoggerFactory.Create</c> makes a container of services for it, which takes a quarter of all that the
/// daemon does until it is ready, while guests of an earlier one wait.
/// </summary>
internal static class DaemonLoggers
{
    /// <summary>Makes the log; disposing it writes out what is left.</summary>
    /// <param name="least">What is less than that is not written; of the framework's own lines, what is less than a warning.</param>
    public static LoggerFactory Create(LogLevel least)
    {
        LoggerFilterOptions filter = new() { MinLevel = least };
        filter.Rules.Add(new(providerName: null, categoryName: "Microsoft", LogLevel.Warning, filter: null));
        LoggerFactory loggers = new([], filter);

        // Standard output carries results (the line 'ready') alone.
        Fixed options = new(new() { FormatterName = DaemonLog.FormatterName, LogToStandardErrorThreshold = LogLevel.Trace });
        bool isJournal = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("JOURNAL_STREAM"));
        loggers.AddProvider(new ConsoleLoggerProvider(options, [new DaemonLog(isJournal)]));
        return loggers;
    }

    private sealed class Fixed(ConsoleLoggerOptions value) : IOptionsMonitor<ConsoleLoggerOptions>
    {
        public ConsoleLoggerOptions CurrentValue => value;

        public ConsoleLoggerOptions Get(string? name) => value;

        public IDisposable? OnChange(Action<ConsoleLoggerOptions, string?> listener) => null;
    }
}
