using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using HdrHistogram;

namespace GroupBuyActors.Benchmarks.Cluster;

/// <summary>
/// A caller who joins one group after another in one shard, over HTTP, without a pause longer than its pace, and says
/// the same call with the same key again until it is answered. Every try goes to the next silo, as a load balancer
/// sends it. It measures the time between two answers.
/// </summary>
internal sealed class GroupCaller(HttpClient http, CallerSettings settings, int index)
{
    private const int JoinsPerGroup = 400;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _acknowledged = [];
    private LongHistogram _latencies = NewHistogram();
    private long _lastAnswer = Stopwatch.GetTimestamp();
    private long _lastTry;
    private long _longest;
    private int _groups;
    private int _tries;
    private int _calls;

    /// <summary>The group that it joins now.</summary>
    public string Group { get; private set; } = settings.IdOf(index, 0);

    /// <summary>Tries since <see cref="Begin"/> that were refused or failed.</summary>
    public int Failed { get; private set; }

    /// <summary>The words of one of them.</summary>
    public string? FirstFailure { get; private set; }

    /// <summary>An answer that it should never get; it has stopped then.</summary>
    public string? Fault { get; private set; }

    /// <summary>Acknowledged joins by group; read after the end.</summary>
    public IReadOnlyDictionary<string, int> Acknowledged => _acknowledged;

    /// <summary>Measures from now on. The time since the last answer is part of it.</summary>
    public void Begin()
    {
        lock (_gate)
            (_longest, _latencies, _calls, Failed, FirstFailure) = (0, NewHistogram(), 0, 0, null);
    }

    /// <summary>The longest time between two answers since <see cref="Begin"/>.</summary>
    public TimeSpan LongestGap()
    {
        lock (_gate)
            return Stopwatch.GetElapsedTime(0, Math.Max(_longest, Stopwatch.GetTimestamp() - _lastAnswer));
    }

    /// <summary>True once a try that began after a moment has been answered.</summary>
    public bool HasAnswerSince(long moment)
    {
        lock (_gate)
            return _lastTry > moment;
    }

    /// <summary>Adds the microseconds of each call since <see cref="Begin"/>; gives their number.</summary>
    public int AddTo(LongHistogram latencies)
    {
        lock (_gate)
        {
            latencies.Add(_latencies);
            return _calls;
        }
    }

    /// <summary>A histogram of microseconds up to some minutes.</summary>
    public static LongHistogram NewHistogram() => new(1, (long)TimeSpan.FromMinutes(5).TotalMicroseconds, 3);

    /// <summary>Calls until it is enough; the last call is answered.</summary>
    public async Task RunAsync(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested && Fault is null)
        {
            await JoinGroupAsync(enough);
            Group = settings.IdOf(index, ++_groups);
        }
    }

    private async Task JoinGroupAsync(CancellationToken enough)
    {
        var terms = new
        {
            title = "Longjing tea, 250 g",
            sku = $"tea-{index}",
            unitPrice = new { amount = 6_800, currency = "CNY" },
            minGroupSize = JoinsPerGroup + 1,
            timeout = "P1D",
            paymentWindow = "PT6H",
        };
        await CallAsync(HttpMethod.Put, $"/v1/groups/{Group}", terms, null, HttpStatusCode.OK);
        for (var join = 0; join < JoinsPerGroup && !enough.IsCancellationRequested && Fault is null; join++)
        {
            var user = string.Create(CultureInfo.InvariantCulture, $"buyer-{join}");
            var body = new { userId = user };
            await CallAsync(HttpMethod.Post, $"/v1/groups/{Group}/orders", body, $"{Group}.{user}");
            _acknowledged[Group] = join + 1;
            await Task.Delay(settings.Pace, CancellationToken.None);
        }
    }

    private async Task CallAsync(
        HttpMethod method,
        string path,
        object body,
        string? key,
        HttpStatusCode repeated = HttpStatusCode.Created
    )
    {
        var began = Stopwatch.GetTimestamp();
        for (var attempt = 1; Fault is null; attempt++)
        {
            var silos = settings.Silos;
            var silo = silos[(index + _tries++) % silos.Count];
            var tried = Stopwatch.GetTimestamp();
            var (status, text) = await TryAsync(new Uri(silo, path), method, body, key);
            if (status == HttpStatusCode.Created || status == repeated)
            {
                Answered(began, tried);
                return;
            }
            Note($"{(int)(status ?? 0)} {text}");
            if (status is { } known && (int)known is >= 400 and < 500 and not 429)
                Fault = $"{method} {path}: {(int)known} {text}";
            // The next silo may answer at once; all of them are not asked again without a pause.
            if (attempt % silos.Count == 0)
                await Task.Delay(Pause);
        }
    }

    private async Task<(HttpStatusCode? Status, string Text)> TryAsync(
        Uri address,
        HttpMethod method,
        object body,
        string? key
    )
    {
        using var request = new HttpRequestMessage(method, address) { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        using var limit = new CancellationTokenSource(settings.TryTime);
        try
        {
            using var answer = await http.SendAsync(request, limit.Token);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(limit.Token));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return (null, e is OperationCanceledException ? $"no answer within {settings.TryTime}" : e.Message);
        }
    }

    private void Answered(long began, long tried)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _longest = Math.Max(_longest, now - _lastAnswer);
            (_lastAnswer, _lastTry) = (now, tried);
            _calls++;
            _latencies.RecordValue(Math.Max(1, (long)Stopwatch.GetElapsedTime(began, now).TotalMicroseconds));
        }
    }

    private void Note(string failure)
    {
        lock (_gate)
        {
            Failed++;
            FirstFailure ??= failure;
        }
    }
}

/// <summary>What all callers of a cluster share.</summary>
internal sealed class CallerSettings(TimeSpan pace, TimeSpan tryTime)
{
    private static readonly string[] Regions = ["SH-PUDONG", "BJ-HAIDIAN", "GZ-TIANHE", "CD-JINJIANG", "SZ-NANSHAN"];
    private readonly string _run = DateTimeOffset
        .UtcNow.ToUnixTimeSeconds()
        .ToString("x", CultureInfo.InvariantCulture);

    /// <summary>The pause between two calls.</summary>
    public TimeSpan Pace { get; } = pace;

    /// <summary>How long a try waits for its answer.</summary>
    public TimeSpan TryTime { get; } = tryTime;

    /// <summary>The silos that calls are sent to, in turn.</summary>
    public IReadOnlyList<Uri> Silos { get; set; } = [];

    /// <summary>One of the groups of a caller, all in one shard.</summary>
    public string IdOf(int caller, int number) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{1_000 + caller * 37}.{Regions[caller % Regions.Length]}.c{_run}-{caller}-{number}"
        );
}
