using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PciBackFlow.Backend.Tests;

/// <summary>Keeps what was logged.</summary>
internal sealed class CapturedLines : ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    /// <summary>Called with each line.</summary>
    public Action<string>? Logged { get; set; }

    public IEnumerable<string> Texts => _lines.Select(line => line.Text);

    public IEnumerable<string> Warnings => _lines.Where(line => line.Level == LogLevel.Warning).Select(line => line.Text);

    public IEnumerable<string> Errors => _lines.Where(line => line.Level >= LogLevel.Error).Select(line => line.Text);

    /// <summary>Drops what was kept: a test has looked at it, and expected it.</summary>
    public void Forget() => _lines.Clear();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string text = $"{formatter(state, exception)} {exception}";
        _lines.Enqueue((logLevel, text));
        Logged?.Invoke(text);
    }
}
