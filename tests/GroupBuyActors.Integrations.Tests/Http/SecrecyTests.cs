using System.Collections.Concurrent;
using System.Diagnostics;
using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Ports;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>What leaves this system with a call, and what of it is written down.</summary>
public sealed class SecrecyTests
{
    private const string ApiKey = "s3cret-key",
        Ssn = "078-05-1120",
        Session = "sess10n",
        Odd = "0dd-secret";

    [Fact]
    public async Task LogsShowNoSecretEvenAtTheirMostTalkative()
    {
        var logs = new Logs();
        await using var service = TestService
            .New(options: o => o with { ApiKey = ApiKey, RetryCountMax = 1 }, logs: logs)
            .Answers(
                new Answer(500) { Headers = Secrets() },
                new Answer(200) { Headers = Secrets() },
                new Answer(404) { Headers = Secrets() }
            );
        Assert.Equal(PortReply.Done, await service.ReserveAsync());
        Assert.Equal(PortAnswer.Unavailable, (await service.QueryAsync()).Answer);

        Assert.All(service.Requests, request => Assert.Equal([$"Bearer {ApiKey}"], request.Headers!["Authorization"]));
        var written = logs.Text;
        // That it wrote at all, and headers too: else nothing is shown by what is not there.
        Assert.Contains($"{HttpPort.KeyHeader}: {TestService.ReserveKey}", written, StringComparison.Ordinal);
        Assert.Contains("X-Shown: shown", written, StringComparison.Ordinal);
        foreach (var secret in (string[])[ApiKey, Ssn, Session])
            Assert.DoesNotContain(secret, written, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(Odd, written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HeadersAreMaskedFromTheMomentTheListSaysSo()
    {
        var (logs, masked) = (new Logs(), new MaskedHeaders("X-SSN"));
        await using var service = TestService
            .New(options: o => o with { ApiKey = ApiKey }, ports: p => p with { MaskedHeaders = masked }, logs: logs)
            .Answers(new Answer(200) { Headers = Secrets() });
        await service.ReserveAsync();
        Assert.Contains(Odd, logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(ApiKey, logs.Text, StringComparison.Ordinal);

        masked.Change(["x-odd"]);
        logs.Clear();
        await service.ReserveAsync();
        Assert.DoesNotContain(Odd, logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(ApiKey, logs.Text, StringComparison.Ordinal);
        Assert.Contains(Ssn, logs.Text, StringComparison.Ordinal);
    }

    /// <summary>Errors go to people's phones at once.</summary>
    [Fact]
    public async Task AServiceInTroubleIsToldOnceAndIsNoError()
    {
        var logs = new Logs();
        await using var service = TestService
            .New(options: o => o with { BreakerCallsMin = 4 }, logs: logs)
            .Answers(new Answer(500));
        for (var n = 0; n < 4; n++)
            Assert.Equal(PortAnswer.Unavailable, (await service.ReserveAsync()).Answer);
        Assert.Equal([(LogLevel.Warning, 7100)], logs.Events.Where(e => e.Level > LogLevel.Information));
        // It is there for whoever looks closer.
        Assert.Contains("OnRetry", logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAKeyNoneIsSent()
    {
        await using var service = TestService.New().Answers(new Answer(200));
        await service.ReserveAsync();
        Assert.False(service.Requests.Single().Headers!.ContainsKey("Authorization"));
    }

    [Fact]
    public void SettingsThatArePrintedShowNoKey() =>
        Assert.DoesNotContain(
            ApiKey,
            new HttpPorts
            {
                Inventory = new HttpPortOptions { BaseUrl = new Uri("http://a/"), ApiKey = ApiKey },
            }.ToString(),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task TheTraceGoesOnInTheService()
    {
        await using var service = TestService.New().Answers(new Answer(500), new Answer(200));
        using var activity = new Activity("join").SetIdFormat(ActivityIdFormat.W3C).Start();
        Assert.Equal(PortReply.Done, await service.ReserveAsync());
        Assert.All(
            service.Requests,
            request =>
                Assert.StartsWith(
                    $"00-{activity.TraceId}-",
                    request.Headers!["traceparent"].Single(),
                    StringComparison.Ordinal
                )
        );
    }

    private static Dictionary<string, string> Secrets() =>
        new()
        {
            ["X-SSN"] = Ssn,
            ["Set-Cookie"] = $"session={Session}",
            ["X-Odd"] = Odd,
            ["X-Shown"] = "shown",
        };

    /// <summary>All that is logged by anyone, with states and scopes.</summary>
    private sealed class Logs : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();
        private readonly ConcurrentQueue<(LogLevel, int)> _events = new();

        public IEnumerable<(LogLevel Level, int Id)> Events => _events;

        public string Text => string.Join('\n', _lines);

        public void Clear() => _lines.Clear();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Write(state);
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            _events.Enqueue((logLevel, eventId.Id));
            _lines.Enqueue($"{formatter(state, exception)} {exception}");
            Write(state);
        }

        public void Dispose() { }

        private void Write<TState>(TState state)
        {
            _lines.Enqueue($"{state}");
            if (state is IEnumerable<KeyValuePair<string, object?>> members)
                foreach (var (name, value) in members)
                    _lines.Enqueue(
                        $"{name}: {(value is IEnumerable<string> values ? string.Join(", ", values) : value)}"
                    );
        }
    }
}
