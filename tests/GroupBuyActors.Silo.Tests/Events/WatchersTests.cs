using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Silo.Tests.Events;

/// <summary>However many watch a group, it decides as if nobody did.</summary>
public sealed class WatchersTests(ITestOutputHelper output)
{
    private const int Watchers = 1_000,
        Joins = 400,
        Callers = 8;

    [Fact]
    public async Task AThousandWatchersOfAGroupSeeAllOfItAndCostItAsMuchAsOne()
    {
        await using var silo = new ServingSilo();
        await silo.InitializeAsync();
        using var reads = new ReadCount(silo.Services.GetRequiredService<IMeterFactory>());
        await JoinAllAsync(silo.Api);
        var alone = await JoinAllAsync(silo.Api);

        var group = TestSilo.NewGroup();
        (await silo.Api.PublishAsync(group, Joins)).Is(HttpStatusCode.Created);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var opened = new CountdownEvent(Watchers);
        // The third event is the publication's last; each join is one, the first also opens the group.
        const long last = 3 + 1 + Joins - 1;
        var watching = Enumerable
            .Range(0, Watchers)
            .Select(_ => WatchAsync(silo, group, last, opened, limit.Token))
            .ToArray();
        await Task.Run(() => opened.Wait(limit.Token), limit.Token);
        var before = reads.Count;
        var watched = await JoinAllAsync(silo.Api, group);
        await Task.WhenAll(watching);
        var batches = reads.Count - before;

        output.WriteLine(
            $"A join took {alone.TotalMilliseconds:0.0} ms (median) unwatched, {watched.TotalMilliseconds:0.0} "
                + $"ms watched by {Watchers}."
        );
        output.WriteLine($"{Joins} events were read from the journal in {batches} reads for all watchers.");
        Assert.InRange(batches, 1, Joins + 50);
        // How long a join takes is told, not held: those who watch take their processor time from the same cores here.
    }

    [Fact]
    public async Task MoreWatchersThanAllowedAreRefusedClearlyAndAFreedPlaceIsTaken()
    {
        await using var silo = new ServingSilo("--GroupBuy:Edge:StreamsMax", "2");
        await silo.InitializeAsync();
        var group = TestSilo.NewGroup();
        (await silo.Api.PublishAsync(group)).Is(HttpStatusCode.Created);
        using var one = await OpenAsync(silo, group);
        using (var two = await OpenAsync(silo, group))
        {
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (one.StatusCode, two.StatusCode));
            var refused = (await silo.Api.GetAsync($"/v1/groups/{group}/events")).Is(
                HttpStatusCode.TooManyRequests,
                "rate.limited"
            );
            Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
            (await silo.Api.GetAsync($"/v1/groups/{group}")).Is(HttpStatusCode.OK);
        }

        await Api.Until(async () =>
        {
            using var again = await OpenAsync(silo, group);
            return again.StatusCode == HttpStatusCode.OK;
        });
    }

    [Fact]
    public async Task AWatcherFarBehindTheFeedReadsWhatItMissedFromTheHistory()
    {
        await using var silo = new ServingSilo();
        await silo.InitializeAsync();
        var group = TestSilo.NewGroup();
        (await silo.Api.PublishAsync(group, 700)).Is(HttpStatusCode.Created);
        await Parallel.ForAsync(
            0,
            600,
            async (n, _) => (await silo.Api.JoinAsync(group, $"buyer-{n}")).Is(HttpStatusCode.Created)
        );
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var seen = new List<long>();
        await foreach (var item in silo.Client.EventsAsync(group, cancellation: limit.Token))
        {
            seen.Add(item.Sequence);
            if (seen.Count == 604)
                break;
        }

        Assert.Equal(Enumerable.Range(1, 604).Select(n => (long)n), seen);
    }

    private static async Task<HttpResponseMessage> OpenAsync(TestSilo silo, GroupId group)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/groups/{group}/events");
        return await silo.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
    }

    private static async Task WatchAsync(
        TestSilo silo,
        GroupId group,
        long last,
        CountdownEvent opened,
        CancellationToken limit
    )
    {
        long next = 1;
        await foreach (var item in silo.Client.EventsAsync(group, cancellation: limit))
        {
            Assert.Equal(next, item.Sequence);
            if (next == 1)
                opened.Signal();
            if (next++ == last)
                return;
        }
    }

    /// <summary>Joins as often as the group has seats, and gives the median of how long one took.</summary>
    private static async Task<TimeSpan> JoinAllAsync(Api api, GroupId? joined = null)
    {
        var group = joined ?? TestSilo.NewGroup();
        // One seat more than is taken, so that the threshold is not reached: what follows from it is not what is
        // measured.
        if (joined is null)
            (await api.PublishAsync(group, Joins)).Is(HttpStatusCode.Created);
        var took = new TimeSpan[Joins];
        await Parallel.ForAsync(
            0,
            Joins - 1,
            new ParallelOptions { MaxDegreeOfParallelism = Callers },
            async (n, _) =>
            {
                var began = Stopwatch.GetTimestamp();
                (await api.JoinAsync(group, $"buyer-{n}")).Is(HttpStatusCode.Created);
                took[n] = Stopwatch.GetElapsedTime(began);
            }
        );
        Array.Sort(took);
        return took[Joins / 2];
    }

    private sealed class ServingSilo(params string[] settings) : TestSilo(settings);

    /// <summary>Reads of the journal for watchers, of one silo.</summary>
    private sealed class ReadCount : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _count;

        public ReadCount(IMeterFactory meters)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "event_feed_reads_total" && instrument.Meter.Scope == meters)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _count, value));
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
