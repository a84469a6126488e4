using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Ports;
using GroupBuyActors.Testing.Silos;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Integrations.Tests.Http;

/// <summary>Services that are slow, broken, busy or gone.</summary>
public sealed class ResilienceTests
{
    private static readonly TimeSpan TryTimeout = TestService.TryTimeout;

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(408)]
    [InlineData(429)]
    public async Task APassingFaultIsTriedAgainWithTheSameKeyAndBody(int status)
    {
        await using var service = TestService.New().Answers(new Answer(status), new Answer(status), new Answer(200));
        Assert.Equal(PortReply.Done, await service.ReserveAsync());
        Assert.Equal(3, service.Requests.Count);
        Assert.Single(
            service.Requests.Select(request => request.Headers![HttpPort.KeyHeader].Single()).Distinct(),
            TestService.ReserveKey
        );
        Assert.Single(service.Requests.Select(request => request.Body).Distinct());
    }

    [Fact]
    public async Task TriesAreCounted()
    {
        await using var service = TestService
            .New(options: o => o with { RetryCountMax = 1 })
            .Answers(Answer.Problem(500, "internal", "The disk is full."));
        Assert.Equal(
            new PortReply(PortAnswer.Unavailable, "inventory answered 500 internal: The disk is full."),
            await service.ReserveAsync()
        );
        Assert.Equal(2, service.Requests.Count);
    }

    [Fact]
    public async Task ATryThatHangsIsGivenUpAndTheNextOneCounts()
    {
        var time = new WatchedTime();
        await using var service = TestService.New(time, options: o => o with { RetryDelay = TimeSpan.Zero });
        using var hanging = new Hanging(service, answersFrom: 2);
        var call = service.ReserveAsync();
        await hanging.ArrivedAsync();
        time.Advance(TryTimeout);
        Assert.Equal(PortReply.Done, await call);
        Assert.Equal(2, service.Requests.Count);
    }

    [Fact]
    public async Task AServiceThatHangsForGoodIsSilentWithinTheBudget()
    {
        var time = new WatchedTime();
        await using var service = TestService.New(time, options: o => o with { RetryDelay = TimeSpan.Zero });
        using var hanging = new Hanging(service, answersFrom: int.MaxValue);
        var call = service.ReserveAsync();
        await hanging.ArrivedAsync();
        time.Advance(TryTimeout);
        await hanging.ArrivedAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new PortReply(PortAnswer.Unavailable, "The service did not answer within 9 s."), await call);
        Assert.Equal(2, service.Requests.Count);
    }

    [Fact]
    public async Task ACallerThatGivesUpIsTheEndOfIt()
    {
        var never = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        await using var service = TestService
            .New()
            .Answers(async _ =>
            {
                arrived.TrySetResult();
                await never.Task;
                return new Answer(200);
            });
        using var caller = new CancellationTokenSource();
        var call = service.ReserveAsync(caller.Token);
        await arrived.Task.WaitAsync(TestService.Patience);
        await caller.CancelAsync();
        Assert.Equal(new PortReply(PortAnswer.Unavailable, "The service did not answer in time."), await call);
        never.SetResult();
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"half\":")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\"")]
    [InlineData("what?\r\n\r\n")]
    public async Task ACutConnectionIsTriedAgain(string saying)
    {
        await using var cutting = new CuttingService(saying, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        await using var service = TestService.At(cutting.Address);
        Assert.Equal(PortReply.Done, await service.ReserveAsync());
        Assert.Equal(2, cutting.Requests);
    }

    [Fact]
    public async Task ConnectionsThatAreAlwaysCutAreSilence()
    {
        await using var cutting = new CuttingService("");
        await using var service = TestService.At(cutting.Address);
        Assert.Equal(PortAnswer.Unavailable, (await service.ReserveAsync()).Answer);
        Assert.Equal(3, cutting.Requests);
        Assert.Equal(PortAnswer.Unavailable, (await service.QueryAsync()).Answer);
    }

    [Fact]
    public async Task AServiceThatIsNotThereIsSilence()
    {
        var port = LoopbackPorts.Draw();
        await using var service = TestService.At(new Uri($"http://127.0.0.1:{port}/"));
        var reply = await service.ReserveAsync();
        Assert.Equal(PortAnswer.Unavailable, reply.Answer);
        Assert.Contains($"127.0.0.1:{port}", reply.Detail, StringComparison.Ordinal);
    }

    /// <summary>
    /// The effect happened and its answer was lost: the service knows the key, and the repeat gets the first answer.
    /// </summary>
    [Fact]
    public async Task ALostAnswerIsAskedForAgainAndTheEffectIsOne()
    {
        var reserved = new ConcurrentDictionary<string, string>();
        var calls = 0;
        await using var service = TestService
            .New()
            .Answers(request =>
            {
                reserved.TryAdd(request.Headers![HttpPort.KeyHeader].Single(), request.Body!);
                return Task.FromResult(Interlocked.Increment(ref calls) == 1 ? new Answer(504) : new Answer(200, "{}"));
            });
        Assert.Equal(PortReply.Done, await service.ReserveAsync());
        Assert.Equal(PortReply.Done, await service.ReserveAsync());
        Assert.Equal(3, calls);
        Assert.Equal([TestService.ReserveKey], reserved.Keys);
    }

    [Fact]
    public async Task AServiceThatNamesATimeIsAskedThenAndNotBefore()
    {
        var time = new WatchedTime();
        await using var service = TestService
            .New(time)
            .Answers(
                new Answer(429) { Headers = RetryAfter("2") },
                new Answer(503) { Headers = RetryAfter(At(time, 5)) },
                new Answer(200)
            );
        var call = service.ReserveAsync();
        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(2));
        Assert.Single(service.Requests);
        time.Advance(TimeSpan.FromSeconds(2));
        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(2, service.Requests.Count);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(PortReply.Done, await call);
        Assert.Equal(3, service.Requests.Count);
    }

    /// <summary>The clock stands: a wait would be for ever.</summary>
    [Theory]
    [InlineData("9")]
    [InlineData("3600")]
    public async Task ATimeBeyondTheBudgetIsNotWaitedFor(string seconds)
    {
        await using var service = TestService
            .New(new WatchedTime())
            .Answers(new Answer(429) { Headers = RetryAfter(seconds) });
        Assert.Equal(PortAnswer.Unavailable, (await service.ReserveAsync()).Answer);
        Assert.Single(service.Requests);
    }

    [Fact]
    public async Task TheBreakerOpensLetsOneCallTryAndClosesAgain()
    {
        var time = new WatchedTime();
        await using var service = TestService
            .New(
                time,
                options: o =>
                    o with
                    {
                        RetryCountMax = 0,
                        BreakerCallsMin = 4,
                        BreakerDuration = TimeSpan.FromSeconds(5),
                    }
            )
            .Answers(new Answer(500));
        using var breaker = new Gauge(service, "breaker_state");
        for (var n = 0; n < 4; n++)
            Assert.Equal(PortAnswer.Unavailable, (await service.ReserveAsync()).Answer);
        Assert.Equal(2, breaker.Of("inventory"));

        var refused = await service.ReserveAsync();
        Assert.Equal(
            new PortReply(PortAnswer.Unavailable, "Calls to inventory are suspended because too many of them failed."),
            refused
        );
        Assert.Equal(4, service.Requests.Count);

        var (arrived, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        service.Answers(async _ =>
        {
            arrived.TrySetResult();
            await gate.Task;
            return new Answer(200);
        });
        time.Advance(TimeSpan.FromSeconds(5));
        var probe = service.ReserveAsync();
        await arrived.Task.WaitAsync(TestService.Patience);
        Assert.Equal(1, breaker.Of("inventory"));
        Assert.Equal(PortAnswer.Unavailable, (await service.ReserveAsync()).Answer);
        gate.SetResult();
        Assert.Equal(PortReply.Done, await probe);
        Assert.Equal(0, breaker.Of("inventory"));
        Assert.Equal(5, service.Requests.Count);
    }

    [Fact]
    public async Task AProbeThatFailsKeepsTheBreakerOpen()
    {
        var time = new WatchedTime();
        await using var service = TestService
            .New(time, options: o => o with { RetryCountMax = 0, BreakerCallsMin = 2 })
            .Answers(new Answer(500));
        using var breaker = new Gauge(service, "breaker_state");
        for (var n = 0; n < 2; n++)
            await service.ReserveAsync();
        time.Advance(TimeSpan.FromSeconds(5));
        await service.ReserveAsync();
        Assert.Equal((2, 3), (breaker.Of("inventory"), service.Requests.Count));
    }

    [Fact]
    public async Task EachPortHasABreakerOfItsOwn()
    {
        await using var service = TestService
            .New(options: o => o with { RetryCountMax = 0, BreakerCallsMin = 2 })
            .Answers(request =>
                Task.FromResult(new Answer(request.Path.StartsWith("/inventory", StringComparison.Ordinal) ? 500 : 200))
            );
        using var breaker = new Gauge(service, "breaker_state");
        for (var n = 0; n < 3; n++)
            await service.ReserveAsync();
        Assert.Equal(
            PortReply.Done,
            await service.Notices.SendAsync("notice:o:success", Samples.Order, "lin", "success", default)
        );
        Assert.Equal((2, 0), (breaker.Of("inventory"), breaker.Of("notices")));
    }

    /// <summary>Refusals and requests for patience are answers of a service that is well.</summary>
    [Theory]
    [InlineData(409)]
    [InlineData(400)]
    [InlineData(429)]
    public async Task AnswersOfAHealthyServiceDoNotOpenTheBreaker(int status)
    {
        await using var service = TestService
            .New(options: o => o with { RetryCountMax = 0, BreakerCallsMin = 2 })
            .Answers(new Answer(status));
        for (var n = 0; n < 6; n++)
            await service.ReserveAsync();
        Assert.Equal(6, service.Requests.Count);
    }

    [Fact]
    public async Task WhereAllPlacesAreTakenTheNextCallIsNotMade()
    {
        var gate = new TaskCompletionSource();
        var arrived = new SemaphoreSlim(0);
        await using var service = TestService
            .New(new WatchedTime(), options: o => o with { ConcurrencyMax = 2, QueueMax = 1 })
            .Answers(async _ =>
            {
                arrived.Release();
                await gate.Task;
                return new Answer(200);
            });
        using var running = new Gauge(service, "port_calls_running");
        var served = new List<Task<PortReply>> { service.ReserveAsync(), service.ReserveAsync() };
        for (var n = 0; n < 2; n++)
            Assert.True(await arrived.WaitAsync(TestService.Patience));
        served.Add(service.ReserveAsync());
        // The clock stands, so that this answer can have waited for nothing.
        Assert.Equal(
            new PortReply(PortAnswer.Unavailable, "Too many concurrent calls to inventory."),
            await service.ReserveAsync()
        );
        Assert.Equal(3, running.Of("inventory"));
        gate.SetResult();
        Assert.All(await Task.WhenAll(served), reply => Assert.Equal(PortReply.Done, reply));
        Assert.Equal(3, service.Requests.Count);
        Assert.Equal(0, running.Of("inventory"));
    }

    [Fact]
    public async Task ConnectionsAreUsedAgain()
    {
        await using var service = TestService.New().Answers(new Answer(200, "{}"));
        using var opened = new Gauge(service, "http.client.open_connections", ofAllMeters: true);
        for (var n = 0; n < 20; n++)
            Assert.Equal(PortReply.Done, await service.ReserveAsync());
        Assert.Equal(1, opened.Of(service.Address.Port.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Calls that get no answer before the test is over, up to the one from which on they do.</summary>
    private sealed class Hanging : IDisposable
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly SemaphoreSlim _arrived = new(0);
        private int _calls;

        public Hanging(TestService service, int answersFrom) =>
            service.Answers(async _ =>
            {
                var hangs = Interlocked.Increment(ref _calls) < answersFrom;
                _arrived.Release();
                if (hangs)
                    await _over.Task;
                return new Answer(200);
            });

        public async Task ArrivedAsync() => Assert.True(await _arrived.WaitAsync(TestService.Patience));

        public void Dispose() => _over.TrySetResult();
    }

    private static Dictionary<string, string> RetryAfter(string value) => new() { ["Retry-After"] = value };

    private static string At(TimeProvider time, int seconds) =>
        time.GetUtcNow().AddSeconds(seconds).ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A figure as a scraper sees it, by the value of its one tag.</summary>
    private sealed class Gauge : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, long> _values = [];

        public Gauge(TestService service, string name, bool ofAllMeters = false)
        {
            _ = (service.Inventory, service.Notices);
            var factory = service.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == name && (ofAllMeters || instrument.Meter.Scope == factory))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<int>((_, value, tags, _) => Set(tags, value, adds: false));
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) => Set(tags, value, adds: true));
            _listener.Start();
        }

        public long Of(string tag)
        {
            _listener.RecordObservableInstruments();
            lock (_values)
                return _values.GetValueOrDefault(tag);
        }

        public void Dispose() => _listener.Dispose();

        private void Set(ReadOnlySpan<KeyValuePair<string, object?>> tags, long value, bool adds)
        {
            lock (_values)
                foreach (var tag in tags)
                {
                    var key = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
                    _values[key] = adds ? _values.GetValueOrDefault(key) + value : value;
                }
        }
    }
}
