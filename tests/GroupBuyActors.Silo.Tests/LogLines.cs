using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Silo.Tests;

/// <summary>Keeps what is logged: of one class, or of a whole silo as a provider of its logger factory.</summary>
internal class LogLines : ILogger, ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Enqueue($"{formatter(state, exception)}{(exception is null ? "" : $": {exception.Message}")}");

    public void Dispose() => _lines.Clear();
}

/// <summary>The same for a class that asks for its own logger.</summary>
internal sealed class LogLines<T> : LogLines, ILogger<T>;
